"""One change of the mix of classes on the timeline, as it is configured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf
from numbers import Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.errors import SettingsError, suggest
from raydrift.schedules.positions import Plain, plain_length, plain_position

_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class LabelShift:
    """From some sample on, classes come in other proportions.

    Attributes:
        start: Where it begins: a sample index, a fraction of the stream, or a date.
        width: Over how long the proportions change; None: at once.
        proportions: Class name to its share of the samples, 0 to 1. Classes that are not named
            share what is left in proportion to what there is of them.
        concentration: Instead of proportions, that of a symmetric Dirichlet distribution, from
            which a mix of all classes is drawn: 1 any mix, below it a few classes, above it even.

    Raises:
        SettingsError: (a ``ValueError``) Neither or both of the latter are given, or a number is
            out of range.
    """

    start: Plain = 0
    width: Plain | None = None
    proportions: Mapping[str, float] | None = None
    concentration: float | None = None

    def __post_init__(self) -> None:
        if (self.proportions is None) == (self.concentration is None):
            raise SettingsError("label shift: give either proportions or concentration")
        checked: dict[str, Any] = {"start": plain_position(self.start, "start")}
        if self.width is not None:
            checked["width"] = plain_length(self.width, "width")
        if self.proportions is not None:
            checked["proportions"] = _plain_proportions(self.proportions)
        if self.concentration is not None:
            checked["concentration"] = _plain_concentration(self.concentration)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def written(self) -> dict[str, Any]:
        """The shift as plain values, the way TOML has it."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def mix(
        self, classes: Sequence[str], there: npt.NDArray[np.int64], seed: int, index: int
    ) -> npt.NDArray[np.float64]:
        """The proportions of all classes.

        Args:
            classes: Their names.
            there: How many images of each there are.
            seed: The run's seed.
            index: The shift's place among the shifts, which keys its draw.

        Returns:
            Float64, one share a class; together they are 1.

        Raises:
            SettingsError: A class is not there, or the shares are not 1 in all.
        """
        if self.proportions is None:
            rng = seeds.generator(seed, seeds.PROPORTIONS, index)
            drawn: npt.NDArray[np.float64] = rng.dirichlet(
                np.full(len(classes), self.concentration)
            )
            return drawn
        shares, named = np.zeros(len(classes)), np.zeros(len(classes), bool)
        places = {name: place for place, name in enumerate(classes)}
        for name, share in self.proportions.items():
            if name not in places:
                raise SettingsError(
                    f"label shift: there is no class {name!r}: {suggest(name, classes)}"
                )
            shares[places[name]], named[places[name]] = share, True
        left = 1 - shares.sum()
        others = np.where(named, 0, there)
        if left > _ROUNDING:
            if not others.any():
                raise SettingsError(
                    f"label shift: the proportions are {shares.sum():g} in all, and no other class "
                    "has images for the rest: make them 1"
                )
            shares += left * others / others.sum()
        mix: npt.NDArray[np.float64] = shares / shares.sum()
        return mix


def _plain_proportions(proportions: object) -> dict[str, float]:
    if not isinstance(proportions, Mapping) or not proportions:
        raise SettingsError(
            f"proportions is {proportions!r}: give classes and their shares, {{cat = 0.7}}"
        )
    plain = {}
    for name, share in proportions.items():
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= float(share) <= 1:
            raise SettingsError(f"proportions gives {name!r} the share {share!r}: give 0 to 1")
        plain[str(name)] = float(share)
    if sum(plain.values()) > 1 + _ROUNDING:
        raise SettingsError(f"the proportions are {sum(plain.values()):g} in all: at most 1")
    return plain


def _plain_concentration(concentration: object) -> float:
    value = concentration
    if not isinstance(value, bool) and isinstance(value, Real) and 0 < float(value) < inf:
        return float(value)
    raise SettingsError(f"concentration is {value!r}: give a number above 0, such as 0.5")

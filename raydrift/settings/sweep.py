"""The experiment: the same images, drifted by the same transforms at one level after the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from raydrift.errors import SettingsError
from raydrift.settings.levels import parse_levels
from raydrift.transforms import (
    ImageTransform,
    Name,
    Transform,
    TransformInfo,
    check_level,
    split_level,
)

LEVELS: Final = "0.1:1.0:0.1"
"""The levels of the published experiment, and the default."""

_MOST: Final = 101  # they share a page

SweepItem = Name | Transform | TransformInfo
"""A transform that takes one level after the other, or one that is held at its level."""


@dataclass(frozen=True)
class Sweep:
    """Transforms, of which some take one level after the other.

    Attributes:
        transforms: In the order in which they are applied. One with a level is held at it, the
            others sweep.
        levels: That they sweep, rising, from 0 to 1.

    Raises:
        SettingsError: (a ``ValueError``) No transform sweeps, or there are no levels or too many.

    >>> sweep = Sweep.parse(["default", "hue:0.3"], "0.5,1")
    >>> [", ".join(map(str, chain)) for chain in sweep.chains]
    ['default:0.5, hue:0.3', 'default:1.0, hue:0.3']
    """

    transforms: tuple[SweepItem, ...]
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        for one in self.transforms:
            if not isinstance(one, str | Transform | TransformInfo):
                raise SettingsError(
                    f"transforms has {one!r}: write ImageTransform.ROTATE, which sweeps, or "
                    "TransformInfo(ImageTransform.ROTATE, 0.5), which is held"
                )
        if all(isinstance(one, TransformInfo) for one in self.transforms):
            held = f": {self} is held" if self.transforms else ""
            raise SettingsError(f"no transform sweeps{held}: give one without a level, -t default")
        if not 1 <= len(self.levels) <= _MOST:
            raise SettingsError(f"{len(self.levels)} levels: give 1 to {_MOST}")
        for level in self.levels:
            check_level(level, "levels")

    @classmethod
    def parse(cls, transforms: list[str], levels: str) -> Self:
        """Reads the written form: ``NAME`` sweeps, ``NAME:LEVEL`` is held.

        Args:
            transforms: In order.
            levels: ``FIRST:LAST:STEP``, or a list with commas.
        """
        return cls(tuple(map(_read, transforms)), parse_levels(levels))

    @property
    def chains(self) -> tuple[tuple[TransformInfo, ...], ...]:
        """What is applied at each level."""
        return tuple(self.at(level) for level in self.levels)

    def at(self, level: float) -> tuple[TransformInfo, ...]:
        """What is applied at a level, by names."""
        return tuple(info.named for info in self.infos(level))

    def infos(self, level: float = 1.0) -> tuple[TransformInfo, ...]:
        """What is applied at a level, as it was given."""
        return tuple(
            one if isinstance(one, TransformInfo) else TransformInfo(one, level)
            for one in self.transforms
        )

    def __str__(self) -> str:
        return ", ".join(map(str, self.transforms))


def _read(text: str) -> Name | TransformInfo:
    name, level = split_level(text)
    return name if level is None else TransformInfo.parse(text)


def sweep_items(given: object) -> tuple[SweepItem, ...]:
    """One transform or several, as a ``Sweep`` has them.

    Raises:
        SettingsError: It is neither.
    """
    if isinstance(given, ImageTransform | Transform | TransformInfo):
        return (given,)
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise SettingsError(f"transform_list is {given!r}: write [ImageTransform.DEFAULT]")
    return tuple(given)

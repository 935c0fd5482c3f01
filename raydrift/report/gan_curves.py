"""The curves of a training, from the rows of its ``progress.parquet``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NOT_AT_EACH_STEP: Final = ("r1", "path")
"""Penalties that only some steps have."""

_MOST: Final = 600  # parts of a curve that are drawn
_FEW: Final = 20  # points, up to which nothing is smoothed
_HALF_LIVES: Final = 50  # in a curve


@dataclass(frozen=True)
class Curve:
    """What one number was, step by step; all arrays have the shape (n,), n at least 1.

    Attributes:
        steps: After how many steps, rising.
        images: After how many real images.
        values: NaN where it is not defined, or not finite.
        low: Where its 95 % interval begins; NaN without one.
        high: Where it ends.
    """

    steps: Integers
    images: Integers
    values: Numbers
    low: Numbers
    high: Numbers

    @property
    def last(self) -> float:
        """The last value; NaN where it is not defined."""
        return float(self.values[-1])

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of the last value; None: it has none."""
        low, high = float(self.low[-1]), float(self.high[-1])
        return (low, high) if np.isfinite([low, high]).all() else None

    @property
    def is_long(self) -> bool:
        """Whether it has enough points for a running mean."""
        return len(self.values) > _FEW

    @property
    def smooth(self) -> Numbers:
        """The running mean of the values: after a 50th of the curve a value counts half.

        NaN where the values are, which count nothing.
        """
        keep = 0.5 ** (_HALF_LIVES / len(self.values))
        total, weight, found = 0.0, 0.0, np.full(len(self.values), np.nan)
        for place, value in enumerate(self.values.tolist()):
            if np.isfinite(value):
                total, weight = keep * total + value, keep * weight + 1
                found[place] = total / weight
        return found

    def shown(self) -> Integers:
        """Which points are drawn: all, or of many the lowest and highest of each of 600 parts.

        Where a part has one that is not finite, it is among them.
        """
        count = len(self.values)
        if count <= 2 * _MOST:
            return np.arange(count)
        kept = {0, count - 1}
        for part in np.array_split(np.arange(count), _MOST):
            values = self.values[part]
            there = np.isfinite(values)
            if not there.all():
                kept.add(int(part[np.argmin(there)]))
            if there.any():
                kept |= {int(part[np.nanargmin(values)]), int(part[np.nanargmax(values)])}
        return np.array(sorted(kept))


def curves_of(progress: pa.Table) -> Mapping[str, Curve]:
    """The curves by name, in the order in which the names come first.

    Args:
        progress: Rows of ``schemas.GAN_PROGRESS``. Where a name has a step twice, for the training
            went back to a save, the later row counts. Penalties that not each step has are left out
            where they are not defined.
    """
    columns = {
        name: progress[name].to_numpy().astype(np.float64) for name in ("value", "low", "high")
    }
    columns = {name: np.where(np.isfinite(one), one, np.nan) for name, one in columns.items()}
    defined = np.isfinite(columns["value"])
    counts = {name: progress[name].to_numpy() for name in ("step", "images")}
    names = progress["name"].to_pylist()
    rows: dict[str, dict[int, int]] = {}
    for row, (name, step) in enumerate(zip(names, counts["step"].tolist(), strict=True)):
        if defined[row] or name not in NOT_AT_EACH_STEP:
            rows.setdefault(name, {})[step] = row
    found = {}
    for name, by_step in rows.items():
        places = np.array([by_step[step] for step in sorted(by_step)])
        found[name] = Curve(
            counts["step"][places],
            counts["images"][places],
            columns["value"][places],
            columns["low"][places],
            columns["high"][places],
        )
    return found

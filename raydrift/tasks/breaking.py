"""At which drift a model breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from raydrift.metrics import paired_counts

Numbers = npt.NDArray[np.float64]

_CONFIDENCE: Final = 0.95
RESAMPLES_OF_A_TASK: Final = 2**63
"""The number of a task's bootstrap resamples: batches have those from 0 on."""


@dataclass(frozen=True)
class Breaking:
    """Where a model's quality has fallen by more than may be lost, and how sure that is.

    The quality is accuracy, or intersection over union.

    Levels between those that were measured are interpolated on a line. The intervals come from 999
    bootstrap resamples of the images, the same images at all levels.

    Attributes:
        level: The first level from which on more is lost; None: none up to the last one.
        level_interval: Where the 95 % interval of the level begins and ends; None in the place of
            an end that is beyond the last level.
        divergence: The divergence at the level; None where there is no level.
        divergence_interval: That at the ends of the interval.
        quality_interval: The 95 % intervals of the quality, float64 of shape (1 + levels, 2), the
            originals' first; NaN where there is one image.
    """

    level: float | None
    level_interval: tuple[float | None, float | None]
    divergence: float | None
    divergence_interval: tuple[float | None, float | None]
    quality_interval: Numbers

    @classmethod
    def of(
        cls,
        correct: npt.NDArray[np.bool_],
        levels: Sequence[float],
        divergences: Sequence[float],
        drop: float,
        seed: int = 0,
    ) -> Self:
        """Finds where a model breaks.

        Args:
            correct: Which images are right, bool of shape (1 + levels, n): the originals first,
                then each level.
            levels: The levels, rising.
            divergences: The divergence at each level.
            drop: How much accuracy may be lost, 0 to 1.
            seed: The seed of the resamples.

        >>> correct = np.array([[True] * 10, [True] * 10, [True] * 5 + [False] * 5])
        >>> round(Breaking.of(correct, (0.5, 1.0), (0.2, 1.2), 0.25).level, 3)
        0.75
        """
        count = correct.shape[1]
        drawn = None
        if count > 1:
            drawn = paired_counts(correct, seed=seed, number=RESAMPLES_OF_A_TASK)
        right = correct.sum(axis=1)
        return cls.of_quality(right, drawn, levels, divergences, drop, whole=count)

    @classmethod
    def of_quality(
        cls,
        quality: npt.NDArray[Any],
        drawn: npt.NDArray[Any] | None,
        levels: Sequence[float],
        divergences: Sequence[float],
        drop: float,
        whole: int = 1,
    ) -> Self:
        """Finds where a model breaks, by any measure of which more is better.

        Args:
            quality: Of the originals, and at each level, of shape (1 + levels,).
            drawn: Those of bootstrap resamples, of shape (resamples, 1 + levels); None: there are
                too few images.
            levels: The levels, rising.
            divergences: The divergence at each level.
            drop: How much may be lost, 0 to 1.
            whole: What a quality of 1 is there: counts are held against the drop exactly.
        """
        at = np.array([0.0, *levels])
        level = float(_levels(quality[None, :], whole, at, drop)[0])
        if drawn is None:
            return cls(
                *_pair(level, (np.nan, np.nan), at, divergences),
                quality_interval=np.full((len(at), 2), np.nan),
            )
        tails = ((1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2)
        low, high = np.quantile(_levels(drawn, whole, at, drop), tails, method="inverted_cdf")
        return cls(  # some of the levels may be infinite
            *_pair(level, (float(low), float(high)), at, divergences),
            quality_interval=np.quantile(drawn / whole, tails, axis=0).T,
        )


def _levels(quality: npt.NDArray[Any], whole: int, at: Numbers, drop: float) -> Numbers:
    """The level at which more than the drop is lost, for each row; infinite: at none."""
    lost = (quality[:, :1] - quality) / whole
    over = lost > drop
    after = np.maximum(over.argmax(axis=1), 1)
    rows = np.arange(len(quality))
    before, beyond = lost[rows, after - 1], lost[rows, after]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (drop - before) / (beyond - before)
    found = at[after - 1] + part * (at[after] - at[after - 1])
    return np.where(over.any(axis=1), found, np.inf)


def _pair(
    level: float, interval: tuple[float, float], at: Numbers, divergences: Sequence[float]
) -> tuple[
    float | None,
    tuple[float | None, float | None],
    float | None,
    tuple[float | None, float | None],
]:
    """Level and divergence with their intervals; None for what is beyond the last level."""

    def known(value: float) -> float | None:
        return value if np.isfinite(value) else None

    def divergence(value: float) -> float | None:
        if not np.isfinite(value):
            return None
        return float(np.interp(value, at, [0.0, *divergences]))

    low, high = interval
    return (
        known(level),
        (known(low), known(high)),
        divergence(level),
        (divergence(low), divergence(high)),
    )

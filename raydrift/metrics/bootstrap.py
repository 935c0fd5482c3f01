"""How sure a mean is."""

from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift import seeds

_RESAMPLES: Final = 999
_AT_ONCE: Final = 2**21  # numbers, 16 MiB


def mean_interval(
    values: npt.ArrayLike, confidence: float = 0.95, *, seed: int = 0, number: int = 0
) -> npt.NDArray[np.float64]:
    """The bootstrap interval of the mean of each row, by the percentiles of 999 resamples.

    Nothing is assumed of how the values are distributed. Of few values it is too narrow: of
    32 normal ones it covers their true mean in 93 of 100 cases instead of 95, of 32 exponential
    ones in 91.

    Args:
        values: Of shape (k, n): k rows of n values, the same n items in every row.
        confidence: Between 0 and 1.
        seed: Of the resamples.
        number: Which of a run's resamples these are, so that no two are the same.

    Returns:
        float64 of shape (k, 2): where the intervals begin and end; NaN where n is 1.

    Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.

    >>> mean_interval([[1.0, 1.0, 1.0]]).tolist()
    [[1.0, 1.0]]
    """
    from scipy.stats import bootstrap

    rows = np.asarray(values, np.float64)
    if rows.shape[1] < 2:
        return np.full((len(rows), 2), np.nan)
    found = bootstrap(
        (rows,),
        np.mean,
        axis=1,
        n_resamples=_RESAMPLES,
        batch=max(1, _AT_ONCE // rows.size),
        confidence_level=confidence,
        method="percentile",
        rng=seeds.generator(seed, seeds.RESAMPLES, number),
    ).confidence_interval
    return np.stack([found.low, found.high], axis=1)

"""The energy distance between two samples of embeddings."""

from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.metrics.pairs import Splits, split_in_two, sum_pairs
from raydrift.metrics.samples import Rows, check_samples

_ROUNDING: Final = 1e-12


def energy_distance(original: npt.ArrayLike, drifted: npt.ArrayLike) -> float:
    """The energy distance, a metric on distributions that have a mean.

    sqrt( 2 E|x − y| − E|x − x'| − E|y − y'| ), Euclidean distances, each mean over all pairs of
    rows, a row with itself among them. In one dimension it is ``scipy.stats.energy_distance``.

    Symmetric. Grows with drift; for two samples of one distribution the square is on average
    (1/n + 1/m) E|x − x'|, not 0: compare values of equal n, or see `permutation_test`. Unchanged
    by moving or rotating both samples together; scaling both by c multiplies it by sqrt(c). Memory
    does not grow with n·m.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).

    Returns:
        The distance, at least 0, without a limit, in the square root of the embeddings' unit.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs.

    Székely and Rizzo, "Energy statistics: a class of statistics based on distances", Journal of
    Statistical Planning and Inference 143 (2013).

    >>> x = np.arange(10.0)[:, None]
    >>> energy_distance(x, x)
    0.0
    >>> round(energy_distance([[0.0], [0.0]], [[2.0], [2.0]]), 6)
    2.0
    """
    before, after = check_samples(original, drifted)
    rows, splits = np.concatenate([before, after]), split_in_two(len(before), len(after))
    return float(energy_distance_of_splits(rows, splits)[0])


def energy_distance_of_splits(rows: Rows, splits: Splits) -> npt.NDArray[np.float64]:
    """`energy_distance` for many ways to split the same rows in two.

    Args:
        rows: The rows of both samples, float64 of shape (n, d).
        splits: Which rows are the first sample, the same number in each split, shape (splits, n).

    Returns:
        One value a split.
    """
    sums = sum_pairs(rows, splits, lambda squares: np.sqrt(squares, out=squares))
    n = int(splits[0].sum())
    m = len(rows) - n
    across = 2 * sums.across / (n * m)
    squares = across - sums.first / n**2 - sums.second / m**2
    squares[squares < _ROUNDING * across] = 0.0  # the root would make much of what rounding left
    return np.sqrt(squares)

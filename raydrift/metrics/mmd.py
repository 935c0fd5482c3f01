"""The maximum mean discrepancy between two samples of embeddings."""

from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.metrics.pairs import Splits, split_in_two, squared_distances, sum_pairs
from raydrift.metrics.samples import Rows, check_samples

_MEDIAN_ROWS: Final = 2000  # two million distances


def mmd_squared(
    original: npt.ArrayLike,
    drifted: npt.ArrayLike,
    *,
    bandwidth: float | None = None,
    seed: int = 0,
) -> float:
    """The squared maximum mean discrepancy with a Gaussian (RBF) kernel, unbiased.

    E k(x, x') + E k(y, y') − 2 E k(x, y), with k(a, b) = exp(−|a − b|² / (2 h²)), each mean taken
    over the pairs of different rows (the U-statistic MMD²_u). The bandwidth h is the median of the
    distances between all rows of both samples, of 2,000 of them where there are more.

    Symmetric. Grows with drift, up to 2. Its expectation for two samples of one distribution is 0:
    so it can be negative, and is for a sample against itself. Unchanged by moving, rotating or
    scaling both samples together. Memory does not grow with n·m.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        bandwidth: h, above 0; by default the median distance.
        seed: The seed of the choice of 2,000 rows for the median.

    Returns:
        The squared discrepancy, at least −1 / (n − 1) − 1 / (m − 1) and at most 2.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs, ``bandwidth`` is not above 0, or the median distance is 0.

    Gretton, Borgwardt, Rasch, Schölkopf and Smola, "A kernel two-sample test", Journal of Machine
    Learning Research 13 (2012).

    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> abs(mmd_squared(x[:100], x[100:])) < 0.01 < mmd_squared(x[:100], x[100:] + 1)
    True
    """
    before, after = check_samples(original, drifted)
    rows, splits = np.concatenate([before, after]), split_in_two(len(before), len(after))
    return float(mmd_squared_of_splits(rows, splits, bandwidth=bandwidth, seed=seed)[0])


def mmd_squared_of_splits(
    rows: Rows, splits: Splits, *, bandwidth: float | None = None, seed: int = 0
) -> npt.NDArray[np.float64]:
    """`mmd_squared` for many ways to split the same rows in two.

    Args:
        rows: The rows of both samples, float64 of shape (n, d).
        splits: Which rows are the first sample, the same number in each split, shape (splits, n).
        bandwidth: As for `mmd_squared`.
        seed: As for `mmd_squared`.

    Returns:
        One value a split.

    Raises:
        ValueError: ``bandwidth`` is not above 0, or the median distance is 0.
    """
    width = _median_distance(rows, seed) if bandwidth is None else bandwidth
    if not width > 0:
        raise ValueError(
            "most embeddings are equal, the median distance is 0: give a bandwidth"
            if bandwidth is None
            else f"bandwidth is {bandwidth}: give one above 0"
        )

    def kernel(squares: Rows) -> Rows:
        squares *= -1 / (2 * width * width)
        return np.exp(squares, out=squares)

    sums = sum_pairs(rows, splits, kernel)
    n = int(splits[0].sum())
    m = len(rows) - n
    return sums.first / (n * (n - 1)) + sums.second / (m * (m - 1)) - 2 * sums.across / (n * m)


def _median_distance(rows: Rows, seed: int) -> float:
    if len(rows) > _MEDIAN_ROWS:
        rng = seeds.generator(seeds.check_seed(seed), seeds.BANDWIDTH, 0)
        rows = rows[rng.choice(len(rows), _MEDIAN_ROWS, replace=False)]
    rows = rows - rows.mean(axis=0)
    squares = squared_distances(rows, rows)
    above = np.triu(np.ones(squares.shape, bool), 1)
    return float(np.median(np.sqrt(squares[above])))

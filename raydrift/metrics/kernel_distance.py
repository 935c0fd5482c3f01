"""The kernel distance between two samples of embeddings, as in the kernel inception distance."""

from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.metrics.samples import Rows, check_samples

_TILE: Final = 1024  # rows: a tile is 8 MiB
_DEGREE: Final = 3


def kernel_distance(original: npt.ArrayLike, drifted: npt.ArrayLike) -> float:
    """The squared maximum mean discrepancy with the kernel of the KID, unbiased.

    E k(x, x') + E k(y, y') − 2 E k(x, y), with the cubic kernel k(a, b) = (a·b / d + 1)³, each mean
    taken over the pairs of different rows. It is the KID's formula on whatever embeddings are
    given, of all rows at once and without subsets; only Inception's make it the KID.

    The kernel sees means, covariances and third moments. Unlike `frechet_distance` its expectation
    for two samples of one distribution is 0 whatever their sizes, so that few rows do: it can be
    negative, and is for a sample against itself.

    Symmetric. Grows with drift. Unchanged by rotating both samples together, not by moving or
    scaling them. Memory does not grow with n·m.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).

    Returns:
        The squared discrepancy, without a limit.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs.

    Bińkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs", ICLR 2018.

    >>> kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])  # 1 + 8 − 2
    7.0
    """
    before, after = check_samples(original, drifted)
    n, m = len(before), len(after)
    within = _kernel_sum(before) / (n * (n - 1)) + _kernel_sum(after) / (m * (m - 1))
    return float(within - 2 * _kernel_sum(before, after) / (n * m))


def _kernel_sum(rows: Rows, others: Rows | None = None) -> float:
    """The kernel's sum over the pairs of both, or over those of different rows of the one."""
    total, second = 0.0, rows if others is None else others
    scaled = rows / rows.shape[1]
    for i in range(0, len(rows), _TILE):
        for j in range(0, len(second), _TILE):
            tile = scaled[i : i + _TILE] @ second[j : j + _TILE].T
            tile += 1
            tile **= _DEGREE
            if others is None and i == j:
                np.fill_diagonal(tile, 0.0)
            total += float(tile.sum())
    return total

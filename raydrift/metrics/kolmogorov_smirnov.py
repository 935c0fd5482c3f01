"""The Kolmogorov-Smirnov test of each dimension of two samples of embeddings."""

import warnings
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raydrift.metrics.samples import Rows, check_samples


@dataclass(frozen=True)
class KolmogorovSmirnov:
    """What the tests of all dimensions found together.

    Attributes:
        statistic: The largest distance of two distribution functions, 0 to 1: the effect size.
        dimension: Where it is; the first one of several.
        p_value: Its p-value, times the number of dimensions, at most 1 (Bonferroni).
        rejected: The share of dimensions with a corrected p-value of at most ``alpha``.
        alpha: The chance of a single false rejection among all dimensions, at most.
        dimensions: How many were tested.
        sizes: How many rows the two samples have.
    """

    statistic: float
    dimension: int
    p_value: float
    rejected: float
    alpha: float
    dimensions: int
    sizes: tuple[int, int]


def ks_statistic(original: npt.ArrayLike, drifted: npt.ArrayLike) -> float:
    """The largest Kolmogorov-Smirnov statistic of all dimensions.

    max over j and t of |F_j(t) − G_j(t)|, with the distribution functions F_j and G_j of the two
    samples' values in dimension j.

    Symmetric. Grows with drift, up to 1, where the samples do not overlap in a dimension; for two
    samples of one distribution about sqrt((1/n + 1/m) ln(2 d) / 2). Unchanged by any increasing
    function of a dimension's values.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).

    Returns:
        The statistic, 0 to 1.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs.

    >>> ks_statistic([[0, 0], [0, 1]], [[0, 1], [0, 2]])
    0.5
    """
    return float(_statistics(*check_samples(original, drifted)).max())


def ks_test(
    original: npt.ArrayLike, drifted: npt.ArrayLike, *, alpha: float = 0.05
) -> KolmogorovSmirnov:
    """Tests each dimension for a change of its distribution, corrected for testing many.

    Of each dimension's statistic D = max_t |F(t) − G(t)| the p-value is that of
    ``scipy.stats.ks_2samp``: exact up to 10,000 rows, asymptotic above. Bonferroni's correction
    multiplies by d and holds for dimensions that depend on each other in any way; where they do
    closely, it is careful, and ``permutation_test(ks_statistic, …)`` sharper. The rows of a sample
    must be independent of each other; pairs with rows of the other sample make it careful as
    well.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        alpha: The level of the share of rejected dimensions, between 0 and 1.

    Returns:
        The largest statistic, its dimension and corrected p-value, and the share of dimensions
        rejected.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs, or ``alpha`` is not between 0 and 1.

    Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3
    (1958); for many dimensions Rabanser, Günnemann and Lipton, "Failing loudly: an empirical study
    of methods for detecting dataset shift", NeurIPS 2019.

    >>> x = np.arange(40.0).reshape(20, 2)
    >>> found = ks_test(x, x + [0, 100])
    >>> found.statistic, found.dimension, found.rejected
    (1.0, 1, 0.5)
    """
    from scipy.stats import ks_2samp

    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}: give a level between 0 and 1")
    before, after = check_samples(original, drifted)
    statistics = _statistics(before, after)
    ranked = np.argsort(-statistics, kind="stable")

    def corrected(dimension: int) -> float:
        with warnings.catch_warnings():
            # Where rounding leaves an exact value above 1, SciPy says that it takes the asymptotic.
            warnings.simplefilter("ignore", RuntimeWarning)
            found = ks_2samp(before[:, dimension], after[:, dimension])
        return min(1.0, len(statistics) * float(found.pvalue))

    # A smaller statistic never has a smaller p-value: a few of them tell where the level lies.
    rejected = bisect_right(ranked, alpha, key=corrected)
    return KolmogorovSmirnov(
        statistic=float(statistics[ranked[0]]),
        dimension=int(ranked[0]),
        p_value=corrected(ranked[0]),
        rejected=rejected / len(statistics),
        alpha=alpha,
        dimensions=len(statistics),
        sizes=(len(before), len(after)),
    )


def _statistics(before: Rows, after: Rows) -> npt.NDArray[np.float64]:
    """Each dimension's statistic, shape (d,)."""
    n, m = len(before), len(after)
    found = np.empty(before.shape[1])
    for dimension, (one, other) in enumerate(zip(before.T, after.T, strict=True)):
        one, other = np.sort(one), np.sort(other)
        steps = np.concatenate([one, other])
        # In whole numbers of 1/(n m), so that equal statistics are equal.
        heights = np.searchsorted(one, steps, "right") * m
        heights -= np.searchsorted(other, steps, "right") * n
        found[dimension] = np.abs(heights).max() / (n * m)
    return found

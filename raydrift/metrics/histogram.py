"""Divergences between the histograms of two samples of embeddings, dimension by dimension."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from raydrift.metrics.samples import Rows, check_samples

Shares = npt.NDArray[np.float64]
"""The share of the rows in each bin, shape (bins,)."""


def histogram_kl(original: npt.ArrayLike, drifted: npt.ArrayLike, *, bins: int = 10) -> float:
    """Mean over the dimensions of KL(histogram of drifted ‖ histogram of original), in nats.

    Σ_b q_b ln(q_b / p_b) for each dimension, with the shares p_b of the original and q_b of the
    drifted values in bin b, averaged over the dimensions.

    The bins are the same for both: they end at the quantiles of both samples together, so that each
    holds the same share of them; fewer bins where many values are equal. Every share has half a row
    of the smaller sample added (and is normalised again), so that an empty bin is not infinite.

    Grows with drift; about (bins − 1)(1/n + 1/m) / 2 for two samples of one distribution. Unchanged
    by any increasing function of a dimension's values. What dimensions have to do with each other
    is not seen.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        bins: At most so many for each dimension, at least 2.

    Returns:
        The divergence, at least 0, without a limit.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs, or there are fewer than 2 bins.

    Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22
    (1951); half a row is the estimator of Krichevsky and Trofimov (1981).

    >>> x = np.arange(100.0)[:, None]
    >>> histogram_kl(x, x)
    0.0
    >>> histogram_kl(x, x + 20) < histogram_kl(x, x + 40)
    True
    """
    return _mean(original, drifted, bins, lambda p, q: _kl(q, p), smooth=True)


def histogram_kl_reverse(
    original: npt.ArrayLike, drifted: npt.ArrayLike, *, bins: int = 10
) -> float:
    """Mean over the dimensions of KL(histogram of original ‖ histogram of drifted), in nats.

    `histogram_kl` the other way round, of the same histograms.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        bins: At most so many for each dimension, at least 2.

    Returns:
        The divergence, at least 0, without a limit.

    Raises:
        ValueError: As for `histogram_kl`.

    >>> x = np.arange(100.0)[:, None]
    >>> histogram_kl_reverse(x, x + 20) == histogram_kl(x + 20, x)
    True
    """
    return _mean(original, drifted, bins, _kl, smooth=True)


def histogram_js(original: npt.ArrayLike, drifted: npt.ArrayLike, *, bins: int = 10) -> float:
    """Mean over the dimensions of the Jensen-Shannon divergence of the histograms, in nats.

    ½ KL(p ‖ (p + q)/2) + ½ KL(q ‖ (p + q)/2) for each dimension, averaged over the dimensions, with
    the bins of `histogram_kl` and the plain shares p and q: no bin is infinite here.

    Symmetric. Grows with drift up to ln 2, where no value of one sample lies among the other's;
    about (bins − 1)(1/n + 1/m) / 8 for two samples of one distribution.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        bins: At most so many for each dimension, at least 2.

    Returns:
        The divergence, 0 to ln 2.

    Raises:
        ValueError: As for `histogram_kl`.

    Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory
    37 (1991).

    >>> x = np.arange(100.0)[:, None]
    >>> round(histogram_js(x, x + 100), 4)  # ln 2
    0.6931
    """
    return _mean(original, drifted, bins, _js, smooth=False)


def _mean(
    original: npt.ArrayLike,
    drifted: npt.ArrayLike,
    bins: int,
    divergence: Callable[[Shares, Shares], float],
    smooth: bool,
) -> float:
    if bins < 2:
        raise ValueError(f"bins are {bins}: give at least 2")
    before, after = check_samples(original, drifted)
    # The same for both, so that equal shares stay equal whatever n and m are.
    added = 0.5 / min(len(before), len(after)) if smooth else 0.0
    pairs = _histograms(before, after, bins, added)
    return max(0.0, float(np.mean([divergence(p, q) for p, q in pairs])))


def _histograms(
    before: Rows, after: Rows, bins: int, added: float
) -> Iterator[tuple[Shares, Shares]]:
    """The shares of both samples in their common bins, for each dimension."""
    count = len(before) + len(after)
    ranks = -(-np.arange(1, bins) * count // bins) - 1
    for one, other in zip(before.T, after.T, strict=True):
        together = np.sort(np.concatenate([one, other]))
        ends = np.unique(together[ranks])
        ends = ends[ends < together[-1]]  # the last bin has no end: no bin is empty in both
        yield _shares(one, ends, added), _shares(other, ends, added)


def _shares(values: npt.NDArray[np.float64], ends: npt.NDArray[np.float64], added: float) -> Shares:
    counts = np.bincount(np.searchsorted(ends, values), minlength=len(ends) + 1)
    shares: Shares = counts / len(values) + added
    shares /= shares.sum()
    return shares


def _kl(p: Shares, q: Shares) -> float:
    """KL(p ‖ q), where q is nowhere 0 that p is not."""
    held = p > 0
    return float((p[held] * np.log(p[held] / q[held])).sum())


def _js(p: Shares, q: Shares) -> float:
    between = (p + q) / 2
    return (_kl(p, between) + _kl(q, between)) / 2

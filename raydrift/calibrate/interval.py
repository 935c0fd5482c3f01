"""A divergence of two samples of embeddings with its 95 % interval."""

from typing import Final

import numpy as np

from raydrift import seeds
from raydrift.metrics import METRICS, Metric, mean_interval
from raydrift.metrics.samples import Rows

HALVES: Final = 30

_NUMBER: Final = 2**63  # of these resamples; an evaluation's batches count from 0
_Z: Final = 1.96  # 97.5 % of a normal distribution lies below


def how(metric: str) -> str:
    """How the interval of a metric comes about, in words."""
    if METRICS[metric].paired:
        return "95 %, percentiles of 999 bootstrap resamples of the images"
    return f"95 %, 1.96 standard errors, from {HALVES} random halves of the images"


def divergence_interval(
    metric: str, original: Rows, drifted: Rows, seed: int
) -> tuple[float, float, float]:
    """Measures a divergence, and how far another sample of images of that size may be from it.

    A paired metric is a mean over the images: they are drawn anew with replacement, and the
    interval is that of the means. Others would see an image that is drawn twice as two that lie
    strangely close. They are measured on random halves of the images, drawn without replacement,
    whose deviation is, for a mean of n values, the standard error of the whole.

    Args:
        metric: A name in ``METRICS``.
        original: Embeddings of the images, shape (n, d).
        drifted: Embeddings of their drifted twins, in the same order, shape (n, d).
        seed: Of the resampling. The same one draws the same images at every level.

    Returns:
        The divergence and the ends of the interval.
    """
    chosen = METRICS[metric]
    if chosen.paired:
        return _bootstrapped(chosen, original, drifted, seed)
    return _halved(chosen, original, drifted, seed)


def _bootstrapped(
    metric: Metric, original: Rows, drifted: Rows, seed: int
) -> tuple[float, float, float]:
    pairs = zip(original[:, None], drifted[:, None], strict=True)
    each = np.array([metric.measure(before, after) for before, after in pairs])
    low, high = mean_interval(each[None], seed=seed, number=_NUMBER)[0]
    return float(each.mean()), float(low), float(high)


def _halved(metric: Metric, original: Rows, drifted: Rows, seed: int) -> tuple[float, float, float]:
    rng = seeds.generator(seed, seeds.RESAMPLES, _NUMBER)
    value = metric.measure(original, drifted)
    found = []
    for _ in range(HALVES):
        rows = rng.permutation(len(original))[: len(original) // 2]
        found.append(metric.measure(original[rows], drifted[rows]))
    margin = _Z * float(np.std(found, ddof=1))
    return value, max(metric.least, value - margin), min(metric.most, value + margin)

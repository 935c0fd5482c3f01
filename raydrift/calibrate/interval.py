"""A divergence of two samples of embeddings with its 95 % intervals."""

from math import sqrt
from typing import Final

import numpy as np

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.metrics import METRICS, Metric, other_mean_interval
from raydrift.metrics.samples import Rows
from raydrift.text import plural

HALVES: Final = 30

Interval = tuple[float, float]

_NUMBER: Final = 2**63  # of these resamples; an evaluation's batches count from 0
_ERRORS: Final = 2.05  # 97.5 % of Student's distribution for 30 halves lies below


def how(metric: str, images: int, for_images: int | None = None) -> str:
    """What the intervals of a metric are of, and how they come about, in words."""
    if METRICS[metric].paired:
        of = "the mean over all images like these"
        other = f"the mean of {plural(for_images or 0, 'other image')}"
        way = "bootstrap-t, 999 resamples of the images"
    else:
        of = f"the mean over all samples of {images} images like these"
        other = f"another sample of {for_images} images"
        way = f"{_ERRORS} standard errors, from {HALVES} random halves of the images"
    also = "" if for_images is None else f", and for {other}"
    return f"95 % for {of}{also}: {way}"


def check_for_images(metric: str, images: int, for_images: int | None) -> None:
    """Makes sure that an interval for another sample can be told.

    Raises:
        SettingsError: There are no such samples, or the metric is another one for so many images.
    """
    if for_images is None:
        return
    if for_images < 1:
        raise SettingsError(f"for_images is {for_images}: give at least 1")
    if not METRICS[metric].paired and for_images != images:
        raise SettingsError(
            f"for_images is {for_images}: {metric} depends on the number of images, and is "
            f"measured on {images}: give {images}, or num_samples = {for_images}"
        )


def divergence_intervals(
    metric: str, original: Rows, drifted: Rows, seed: int, for_images: int | None = None
) -> tuple[float, Interval, Interval | None]:
    """Measures a divergence, how sure it is, and how far another sample may be from it.

    A paired metric is a mean over the images: they are drawn anew with replacement. Others would
    see an image that is drawn twice as two that lie strangely close. They are measured on random
    halves of the images, drawn without replacement, whose deviation is, for a mean of n values, the
    standard error of the whole.

    Args:
        metric: A name in ``METRICS``.
        original: Embeddings of the images, shape (n, d).
        drifted: Embeddings of their drifted copies, in the same order, shape (n, d).
        seed: The seed of the resampling. The same one draws the same images at every level.
        for_images: The size of another sample.

    Returns:
        The divergence; its 95 % interval, for its mean over all images like these (a metric that
        is not paired: over all samples of n of them); and that of another sample's divergence.
    """
    chosen = METRICS[metric]
    measured = _bootstrapped if chosen.paired else _halved
    value, (low, high), other = measured(chosen, original, drifted, seed, for_images)
    whole = max(chosen.least, low), min(chosen.most, high)
    if other is None:
        return value, whole, None
    return value, whole, (max(chosen.least, other[0]), min(chosen.most, other[1]))


def _bootstrapped(
    metric: Metric, original: Rows, drifted: Rows, seed: int, for_images: int | None
) -> tuple[float, Interval, Interval | None]:
    pairs = zip(original[:, None], drifted[:, None], strict=True)
    each = np.array([metric.measure(before, after) for before, after in pairs])

    def interval(images: int | None) -> Interval:
        low, high = other_mean_interval(each[None], images, seed=seed, number=_NUMBER)[0]
        return float(low), float(high)

    other = None if for_images is None else interval(for_images)
    return float(each.mean()), interval(None), other


def _halved(
    metric: Metric, original: Rows, drifted: Rows, seed: int, for_images: int | None
) -> tuple[float, Interval, Interval | None]:
    rng = seeds.generator(seed, seeds.RESAMPLES, _NUMBER)
    value = metric.measure(original, drifted)
    found = []
    for _ in range(HALVES):
        rows = rng.permutation(len(original))[: len(original) // 2]
        found.append(metric.measure(original[rows], drifted[rows]))
    margin = _ERRORS * float(np.std(found, ddof=1))
    other = None
    if for_images is not None:  # what is left to chance here, and there
        wider = margin * sqrt(1 + len(original) / for_images)
        other = value - wider, value + wider
    return value, (value - margin, value + margin), other

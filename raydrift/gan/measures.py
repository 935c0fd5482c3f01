"""How good generated images are, in numbers: distances, diversity, copies of training images.

All but ``cycle_error`` and ``block_means`` take features: float of shape (n, d), an image a row, by
a network or by ``block_means``. Intervals are of 95 %, by 999 bootstrap resamples of the images.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.metrics.bootstrap import RESAMPLES, mean_interval
from raydrift.metrics.pairs import squared_distances
from raydrift.metrics.samples import Rows, check_samples

Pixels = npt.NDArray[np.uint8]

NETWORK: Final = "network"
PIXELS: Final = "pixels"
"""How the name of a measure ends: what its features are of."""

BLOCKS: Final = 8
COLLAPSED: Final = 0.05
"""A diversity below it is called a collapse."""

_NEAR: Final = 0.01  # the quantile of distances of real images that copies lie below
_TOO_OFTEN: Final = 0.01  # the share of resamples without a gap, above which there is none
_SOURCES: Final = 2**62  # of these resamples; an evaluation's batches count from 0
_TARGETS: Final = 2**62 + 1
_MEANS: Final = 2**62 + 2


@dataclass(frozen=True)
class Measure:
    """A number that says how good generated images are.

    Attributes:
        name: What was measured, and of which features.
        value: NaN where it is not defined.
        low: Where its 95 % interval begins; None: it has none.
        high: Where it ends.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def block_means(pixels: Pixels) -> Rows:
    """The means of 8 × 8 equal parts of each image: features that need no network.

    Args:
        pixels: uint8 of shape (n, h, w, c), h and w at least 8. Where 8 does not divide a side,
            parts differ by a pixel.

    Returns:
        float64 of shape (n, 64 · c), -1 (black) to 1 (white).
    """
    count, height, width, channels = pixels.shape
    rows, row_sizes = _parts(height)
    columns, column_sizes = _parts(width)
    sums = np.add.reduceat(pixels, rows, axis=1, dtype=np.int64)
    sums = np.add.reduceat(sums, columns, axis=2)
    means = sums / (row_sizes[:, None] * column_sizes)[:, :, None]
    features: Rows = (means / 127.5 - 1).reshape(count, BLOCKS * BLOCKS * channels)
    return features


def _parts(side: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the parts of a side begin, and how long they are."""
    ends = np.arange(BLOCKS + 1) * side // BLOCKS
    return ends[:-1], np.diff(ends)


def kernel_measure(name: str, generated: Rows, real: Rows, seed: int) -> Measure:
    """The kernel distance (``metrics.kernel_distance``) with its interval."""
    kernels = _Kernels(*check_samples(generated, real))
    weights = (_drawn(len(generated), seed, _SOURCES), _drawn(len(real), seed, _TARGETS))
    (value,), found = kernels.distances(*kernels.once), kernels.distances(*weights)
    return Measure(name, float(value), *_ends(found))


def gap_closed(name: str, translated: Rows, source: Rows, target: Rows, seed: int) -> Measure:
    """How much of the way from one domain to the other a translation goes.

    1 − d(G(A), B) / d(A, B): 1 where translated images cannot be told from the target, 0 where
    nothing was gained, below 0 where they are further away than before. It may be a little above 1
    by chance.

    d is the kernel distance, for it is unbiased: the Fréchet distance of few images is far above 0
    even for two samples of one distribution, so a perfect translation would not close the gap by
    it, and a resample, in which images come twice, is further away still.

    An image and its translation are drawn together, and no pair of an image with itself counts.

    Args:
        name: What the measure is called.
        translated: Features of the translated images, shape (n, d).
        source: Features of these images as they were, in the same order, shape (n, d).
        target: Features of images of the other domain, shape (m, d).
        seed: The seed of the resamples.

    Returns:
        The measure; NaN without an interval where the two domains are not apart: in more than 1 of
        100 resamples d(A, B) is not above 0.
    """
    before = _Kernels(*check_samples(source, target))
    after = _Kernels(*check_samples(translated, target))
    weights = (_drawn(len(source), seed, _SOURCES), _drawn(len(target), seed, _TARGETS))
    (whole,), (left,) = before.distances(*before.once), after.distances(*after.once)
    wholes, lefts = before.distances(*weights), after.distances(*weights)
    apart = wholes > 0
    if not whole > 0 or (~apart).mean() > _TOO_OFTEN:
        return Measure(name, math.nan)
    gaps = np.full(len(wholes), -np.inf)  # of the few without a gap: none was closed
    gaps[apart] = 1 - lefts[apart] / wholes[apart]
    return Measure(name, float(1 - left / whole), *_ends(gaps))


def diversity(name: str, generated: Rows, real: Rows, seed: int) -> Measure:
    """The mean distance between two generated images over that between two real ones.

    About 1 where generated images vary as real ones do, 0 where they are all alike (a collapse),
    above 1 where they vary more. NaN where all real ones are alike.
    """
    sets = check_samples(generated, real)
    distances = [_root_distances(rows) for rows in sets]
    (of_generated,), (of_real,) = (_pair_means(each, np.ones((1, len(each)))) for each in distances)
    if not of_real > 0:
        return Measure(name, math.nan)
    weights = (_drawn(len(generated), seed, _SOURCES), _drawn(len(real), seed, _TARGETS))
    drawn = [_pair_means(*each) for each in zip(distances, weights, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = drawn[0] / drawn[1]
    return Measure(name, float(of_generated / of_real), *_ends(ratios[np.isfinite(ratios)]))


def memorisation(name: str, generated: Rows, held_out: Rows, training: Rows) -> Measure:
    """The share of generated images that lie strangely close to a training image.

    Closer than 99 of 100 held-out real images do: the threshold is the 1 % quantile of the
    distances from held-out images to the nearest training image. Of generated images that are new
    about 1 in 100 are closer, or 1 in n + 1 of n held-out images where these are fewer; of copies
    all are.

    Args:
        name: What the measure is called.
        generated: Features, shape (k, d).
        held_out: Features of real images that were not trained on, shape (n, d).
        training: Features of the training images, shape (m, d).

    Returns:
        The share, with Wilson's interval.
    """
    from scipy.stats import binomtest

    threshold = np.quantile(nearest(held_out, training), _NEAR)
    near = int((nearest(generated, training) <= threshold).sum())
    ends = binomtest(near, len(generated)).proportion_ci(method="wilson")
    return Measure(name, near / len(generated), float(ends.low), float(ends.high))


def nearest(rows: Rows, others: Rows, at_once: int = 1024) -> npt.NDArray[np.float64]:
    """The Euclidean distance of each row to the nearest of the others, float64 of shape (n,)."""
    rows, others = check_samples(rows, others, least=1)
    centre = others.mean(axis=0)  # distances lose the fewest digits near the origin
    found = np.full(len(rows), np.inf)
    for start in range(0, len(others), at_once):
        squares = squared_distances(rows - centre, others[start : start + at_once] - centre)
        found = np.minimum(found, squares.min(axis=1))
    distances: npt.NDArray[np.float64] = np.sqrt(found)
    return distances


def cycle_error(name: str, images: Pixels, back: Pixels, seed: int) -> Measure:
    """How far images are from themselves after a translation there and back.

    Args:
        name: What the measure is called.
        images: uint8 of shape (n, h, w, c).
        back: The same images, there and back, of the same shape.
        seed: The seed of the resamples.

    Returns:
        The mean absolute difference of the pixels, 0 to 255 grey levels.
    """
    errors = [
        np.abs(one.astype(np.int16) - other).mean() for one, other in zip(images, back, strict=True)
    ]
    low, high = mean_interval([errors], seed=seed, number=_MEANS)[0]
    interval = (float(low), float(high)) if len(errors) > 1 else (None, None)
    return Measure(name, float(np.mean(errors)), *interval)


class _Kernels:
    """The kernel distance's values for all pairs of two samples, to draw from them many times."""

    def __init__(self, one: Rows, other: Rows) -> None:
        self._within = [_kernel(rows, rows) for rows in (one, other)]
        self._across = _kernel(one, other)
        self.once = tuple(np.ones((1, len(rows))) for rows in (one, other))

    def distances(self, first: Rows, second: Rows) -> npt.NDArray[np.float64]:
        """A distance for each way to draw the rows, given how often each of them comes."""
        within = _pair_means(self._within[0], first) + _pair_means(self._within[1], second)
        sums = np.einsum("rn,rn->r", first, second @ self._across.T)
        across: npt.NDArray[np.float64] = sums / (first.sum(axis=1) * second.sum(axis=1))
        return within - 2 * across


def _kernel(one: Rows, other: Rows) -> Rows:
    values = one @ other.T
    values /= one.shape[1]
    values += 1
    values **= 3
    return values


def _root_distances(rows: Rows) -> Rows:
    centred = rows - rows.mean(axis=0)
    return np.sqrt(squared_distances(centred, centred))


def _pair_means(values: Rows, weights: Rows) -> npt.NDArray[np.float64]:
    """Means over the pairs of different rows, which come so often: shape (draws,)."""
    sums = np.einsum("rn,rn->r", weights, weights @ values)
    squares = weights**2
    pairs = weights.sum(axis=1) ** 2 - squares.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # one and the same row, again and again
        means: npt.NDArray[np.float64] = (sums - squares @ values.diagonal()) / pairs
    return means


def _drawn(count: int, seed: int, number: int) -> Rows:
    """How often each of some images comes in each resample, shape (999, count)."""
    rng = seeds.generator(seed, seeds.RESAMPLES, number)
    return rng.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)


def _ends(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanquantile(values, (0.025, 0.975))
    return float(low), float(high)

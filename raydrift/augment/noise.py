"""Noise of four kinds, from a seed of its own."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.augment.compat import FIXED
from raydrift.augment.photometric import Span, possible_range

Image = npt.NDArray[Any]

_SPREAD: Final = 0.1
_PEAK: Final = 255
_SHARE: Final = 0.002


def add_noise(
    x: Image, kind: str, seed: int, compat: str = FIXED, value_range: Span | None = None
) -> Image:
    """Adds noise to an image.

    In ``fixed``, levels stay in the range that they can be in, and the dtype stays:

    - ``gauss``: normal, of a standard deviation of 0.1 of the range;
    - ``speckle``: normal, of 0.1 of the level;
    - ``poisson``: shot noise; the brightest level is 255 photons;
    - ``s&p``: 0.2 % of the pixels are the greatest level in all channels, as many the least.

    The first two have the variances that scikit-image's ``random_noise`` begins with. The other
    behaviours are mltk's, made for levels of 0 to 255: gauss has a variance of 0.1 levels, speckle
    is as strong as the image, salt and pepper never meet the last row, column or channel, and
    nothing is clipped; all but salt and pepper return float64.

    Args:
        x: Of shape (height, width, channels).
        kind: One of ``NOISES``.
        seed: Of this image's noise.
        compat: Whose noise it is.
        value_range: What levels can be; None: as ``possible_range`` finds.

    Raises:
        ValueError: There is no noise of this kind.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    if kind not in ("gauss", "speckle", "poisson", "s&p"):
        raise ValueError(f"noise is {kind!r}: choose from: gauss, s&p, poisson, speckle")
    if compat != FIXED:
        return _mltk(x, kind, rng)
    low, high = value_range if value_range is not None else possible_range(x)
    if kind == "s&p":
        return _salt_and_pepper(x, rng, low, high)
    levels: Image = x.astype(np.float32 if x.dtype.itemsize <= 4 else np.float64)
    if kind == "poisson":
        photons = np.clip((levels - low) / (high - low), 0, 1) * _PEAK
        levels = (rng.poisson(photons) / _PEAK * (high - low) + low).astype(levels.dtype)
    else:
        normal: Image = rng.standard_normal(x.shape, dtype=levels.dtype.type)
        normal *= _SPREAD
        normal *= levels if kind == "speckle" else high - low
        levels += normal
    np.clip(levels, low, high, out=levels)
    if x.shape[-1] == 4:
        levels[..., 3] = x[..., 3]
    return (np.rint(levels) if x.dtype.kind in "iu" else levels).astype(x.dtype, copy=False)


def _salt_and_pepper(x: Image, rng: np.random.Generator, low: float, high: float) -> Image:
    height, width = x.shape[:2]
    some = int(np.ceil(_SHARE * height * width))
    places = rng.choice(height * width, min(2 * some, height * width), replace=False)
    out = x.copy()
    colours = slice(0, 3 if x.shape[-1] == 4 else None)
    for level, chosen in ((high, places[:some]), (low, places[some:])):
        out[chosen // width, chosen % width, colours] = level
    return out


def _mltk(x: Image, kind: str, rng: np.random.Generator) -> Image:
    if kind == "gauss":
        return x + rng.normal(0, 0.1**0.5, x.shape)
    if kind == "speckle":
        return x + x * rng.standard_normal(x.shape)
    if kind == "poisson":
        photons = 2.0 ** np.ceil(np.log2(len(np.unique(x))))
        counted: Image = rng.poisson(np.maximum(x, 0) * photons) / photons
        return counted
    out = x.copy()
    some = int(np.ceil(_SHARE * x.size))
    for level in (255, 0):
        at = tuple(rng.integers(0, max(size - 1, 1), some) for size in x.shape)
        out[at] = level
    return out

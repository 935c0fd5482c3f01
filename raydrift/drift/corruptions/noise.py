"""Noise of four kinds; each value of each pixel draws its own."""

from functools import lru_cache
from math import exp, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.drift.normals import normals, random_bits
from raydrift.drift.pixels import as_levels
from raydrift.images.pixels import RGB

_BITS: Final = 65536  # values of 16 random bits


def gaussian_noise(picture: RGB, rng: np.random.Generator, sigma: float) -> RGB:
    """Adds n to each value, n normal: x + n.

    Args:
        picture: uint8 of shape (height, width, 3).
        rng: Draws n.
        sigma: The standard deviation of n, of pixels in [0, 1].
    """
    found = normals(rng, picture.shape) * np.float32(255 * sigma)
    found += picture
    return as_levels(found)


def speckle_noise(picture: RGB, rng: np.random.Generator, sigma: float) -> RGB:
    """Adds n times the value itself, n normal: x + x·n.

    Args:
        picture: uint8 of shape (height, width, 3).
        rng: Draws n.
        sigma: The standard deviation of n.
    """
    found = normals(rng, picture.shape) * np.float32(sigma) + np.float32(1)
    found *= picture
    return as_levels(found)


def shot_noise(picture: RGB, rng: np.random.Generator, photons: float) -> RGB:
    """Counts photons: Poisson(x·photons) / photons.

    Args:
        picture: uint8 of shape (height, width, 3).
        rng: Draws the counts.
        photons: The mean count of white, at most 700.
    """
    place = picture.astype(np.intp)
    place *= _BITS
    place += random_bits(rng, picture.shape)
    return _shot_levels(photons)[place]


def impulse_noise(picture: RGB, rng: np.random.Generator, amount: float) -> RGB:
    """Makes some of the values 0 and as many 1, salt and pepper.

    Args:
        picture: uint8 of shape (height, width, 3).
        rng: Draws which ones.
        amount: The share of both together.
    """
    bits, found = random_bits(rng, picture.shape), picture.copy()
    salt = round(amount / 2 * _BITS)
    found[bits < 2 * salt] = 0
    found[bits < salt] = 255
    return found


@lru_cache(maxsize=5)
def _shot_levels(photons: float) -> npt.NDArray[np.uint8]:
    """The grey level that each grey level and 16 random bits come to, of shape (256 · 65,536,).

    The bits stand for a quantile, the middle of their bin. Looking counts up is five times as fast
    as drawing them, and the same on every machine.
    """
    most = round(photons + 12 * sqrt(photons) + 20)
    quantiles = (np.arange(_BITS) + 0.5) / _BITS
    levels = np.clip(np.rint(255 * np.arange(most) / photons), 0, 255).astype(np.uint8)
    found = np.empty((256, _BITS), np.uint8)
    for level, row in enumerate(found):
        mean = level / 255 * photons
        shares = np.cumprod([exp(-mean), *(mean / np.arange(1, most))])
        ends = np.searchsorted(quantiles, np.cumsum(shares), side="right")
        ends[-1] = _BITS
        row[:] = np.repeat(levels, np.diff(ends, prepend=0))
    found.flags.writeable = False
    return found.reshape(-1)

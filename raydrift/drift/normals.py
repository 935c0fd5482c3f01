"""Normal deviates by looking them up: the same bits on every machine."""

from functools import cache
from statistics import NormalDist
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

_NORMAL_BITS: Final = 16


def random_bits(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """16 random bits an element, the next ones of the generator's stream."""
    count = int(np.prod(shape))
    words = rng.bit_generator.random_raw(-(-count // 4)).astype("<u8", copy=False)
    return words.view("<u2")[:count].reshape(shape)


def normals(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """A normal deviate for each element, float32, the next ones of the generator's stream."""
    found: npt.NDArray[np.float32] = cv2.LUT(random_bits(rng, shape), normal_quantiles()[None])
    return found


@cache
def normal_quantiles() -> npt.NDArray[np.float32]:
    """The normal deviate that 16 random bits stand for: its quantile in the middle of their bin.

    Looking normals up is five times as fast as computing them, and no rounding of a transcendental
    function can make two machines differ. The price is a largest value of 4.32 (six in a hundred
    thousand normals are beyond 4, two beyond 4.32) and steps far below a grey level but for the
    outermost.

    Returns:
        65,536 rising float32, symmetric about 0, of standard deviation 0.99999.
    """
    bins = 2**_NORMAL_BITS
    inverse = NormalDist().inv_cdf
    upper = np.array([inverse((i + 0.5) / bins) for i in range(bins // 2, bins)], np.float32)
    quantiles = np.concatenate([-upper[::-1], upper])
    quantiles.flags.writeable = False
    return quantiles

"""Tone: from linear light to pixels, by a power."""

from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.camera.planes import Planes

_ONE: Final = 0x3F80
"""The upper 16 bits of 1 as a float32."""

_EXPONENTS: Final = 127
"""Of floats below 1, from 2**-126 to 2**-1, and 0 with what is smaller."""

_STEPS: Final = 128
"""That the upper 16 bits tell apart between a power of two and the next."""


def encoded(linear: Planes, gamma: float) -> Planes:
    """clip(x, 0, 1) ** (1/gamma).

    float32 takes straight lines between the values that the upper 16 bits of a float stand for: two
    tables and three passes. They are off by up to 2e-6 of the value for a gamma above 1 (one 2000th
    of a grey level). OpenCV's power takes as long; it calls Intel's library, which goes by the
    machine's instructions, so that other machines might round otherwise. float64 is numpy's power.

    Args:
        linear: float32 or float64, (3, height, width), any values; float32 is overwritten.
        gamma: Above 0.
    """
    if linear.dtype != np.float32:
        return np.clip(linear, 0, 1) ** (1 / gamma)
    base, slope = _lines(gamma)
    np.clip(linear, 0, 1, out=linear)
    flat: npt.NDArray[Any] = linear.reshape(-1, linear.shape[-1])
    keys = np.right_shift(flat.view(np.uint32), 16).astype(np.uint16)
    flat *= cv2.LUT(keys, slope)
    flat += cv2.LUT(keys, base)
    return linear


@lru_cache(maxsize=8)
def _lines(gamma: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The lines y = base + slope · x, by the upper 16 bits of x.

    With x = 2**e · m, y is 2**(e/gamma) · m**(1/gamma): one line for each m does for all e.
    """
    power = 1 / gamma
    x = 1 + np.arange(_STEPS + 1) / _STEPS
    y = np.array([one**power for one in x.tolist()])
    slope = np.diff(y) / np.diff(x)
    base = y[:-1] - slope * x[:-1]
    exponents = range(-_EXPONENTS + 1, 0)
    scale = np.array([[2.0 ** (power * exponent)] for exponent in exponents])
    stretch = np.array([[2.0 ** ((power - 1) * exponent)] for exponent in exponents])
    bases, slopes = np.zeros((2, 1, 2**16), np.float32)
    inside = slice(_STEPS, _ONE)  # what is below rounds to 0
    bases[0, inside], slopes[0, inside] = (base * scale).ravel(), (slope * stretch).ravel()
    bases[0, _ONE] = 1
    return bases, slopes

"""Luma: sharpening and denoising of brightness alone, colours as they are.

The published pipeline goes from RGB to YUV, filters Y, and goes back. The way back adds Y to red,
green and blue alike (the first column of the inverse matrix is ones, as U and V of grey are 0). So
what a filter does to Y is added to the three planes, and nobody needs U and V.
"""

from functools import lru_cache
from math import exp
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.camera.matrices import Row
from raydrift.camera.planes import Plane, Planes, weighted

Y: Final[Row] = (0.299, 0.587, 0.114)
"""Luma of red, green and blue (ITU-R BT.601), as scikit-image's ``rgb2yuv`` has it."""

UNSHARP_SIGMA: Final = 1.0
GAUSSIAN_SIGMA: Final = 0.5

_MIRRORED: Final = cv2.BORDER_REFLECT_101
_CROSS: Final = ((0.0, -1.0, 0.0), (-1.0, 4.0, -1.0), (0.0, -1.0, 0.0))


def luma(planes: Planes) -> Plane:
    """Y of each pixel, (height, width)."""
    return weighted(planes, Y)


def with_luma(planes: Planes, before: Plane, after: Plane) -> Planes:
    """The planes once their luma ``before`` has become ``after``; changes them in place."""
    planes += np.subtract(after, before)
    return planes


def sharpened(y: Plane, amount: float = 1.0, compat: bool = False) -> Plane:
    """Adds amount · (4y less its four neighbours): at 1 the filter [0 -1 0; -1 5 -1; 0 -1 0].

    Args:
        y: float32 or float64, (height, width), in linear light.
        amount: How strongly.
        compat: With zeros beyond the border, which brightens the outermost pixels.
    """
    weights = amount * np.array(_CROSS)
    weights[1, 1] += 1
    border = cv2.BORDER_CONSTANT if compat else _MIRRORED
    found: Plane = cv2.filter2D(y, -1, weights, borderType=border)
    return found


def unsharp_masked(y: Plane, amount: float = 1.0, compat: bool = False) -> Plane:
    """Adds amount · (y - blur(y)), the blur a Gaussian of sigma 1.

    Args:
        y: float32 or float64, (height, width), in linear light.
        amount: How strongly.
        compat: Blur down the columns alone, as scikit-image 0.18 does when it takes columns for
            channels; the edge pixel is repeated.
    """
    column = gaussian_weights(UNSHARP_SIGMA)
    row = np.ones(1) if compat else column
    border = cv2.BORDER_REFLECT if compat else _MIRRORED
    blurred = cv2.sepFilter2D(y, -1, row, column, borderType=border)
    found: Plane = cv2.addWeighted(y, 1 + amount, blurred, -amount, 0)
    return found


def gaussian_blurred(y: Plane, sigma: float = GAUSSIAN_SIGMA, compat: bool = False) -> Plane:
    """Averages with a Gaussian, cut at 4 sigma.

    Args:
        y: float32 or float64, (height, width), in linear light.
        sigma: Its standard deviation, pixels.
        compat: Repeat the edge pixel beyond the border.
    """
    weights = gaussian_weights(sigma)
    border = cv2.BORDER_REFLECT if compat else _MIRRORED
    found: Plane = cv2.sepFilter2D(y, -1, weights, weights, borderType=border)
    return found


def median_filtered(y: Plane, compat: bool = False) -> Plane:
    """The median of 3 × 3 pixels.

    Args:
        y: float32 or float64, (height, width).
        compat: Repeat the edge pixel beyond the border.
    """
    wide = cv2.copyMakeBorder(y, 1, 1, 1, 1, cv2.BORDER_REFLECT if compat else _MIRRORED)
    if y.dtype == np.float32:
        small: Plane = np.ascontiguousarray(cv2.medianBlur(wide, 3)[1:-1, 1:-1])
        return small
    around = np.lib.stride_tricks.sliding_window_view(wide, (3, 3))
    middle: Plane = np.median(around, axis=(2, 3))
    return middle


def without_high_frequencies(planes: Planes, kept: float = 0.3) -> Planes:
    """Cuts high frequencies along the rows of each plane.

    The published ``fft_denoising`` cuts the columns of a transform over width and colour, which is
    this: only rows are smoothed, and the cut is not symmetric.

    Args:
        planes: (3, height, width).
        kept: Frequencies from this share of the width to 1 less it are cut.
    """
    width = planes.shape[2]
    spectrum = np.fft.fft(planes)
    spectrum[:, :, int(width * kept) : int(width * (1 - kept))] = 0
    result: Planes = np.fft.ifft(spectrum).real.astype(planes.dtype)
    return result


@lru_cache(maxsize=16)
def gaussian_weights(sigma: float) -> npt.NDArray[np.float64]:
    """A sampled Gaussian, cut at 4 sigma as in scipy; the sum is 1."""
    reach = int(4 * sigma + 0.5)
    weights = np.array([exp(-0.5 * (x / sigma) ** 2) for x in range(-reach, reach + 1)])
    weights /= weights.sum()
    weights.flags.writeable = False
    return weights

"""What each transform does to the pixels of one image.

All kernels take and return uint8 RGB of shape (height, width, 3), leave their input alone, compute
the formula of torchvision's v2 transforms on pixels in [0, 1], and round once, at the end, to the
nearest grey level.

Conventions: grey is 0.2989 R + 0.587 G + 0.114 B. Rotation is bilinear about the centre between
pixels, positive angles counter-clockwise, with black outside. The blur reflects at the border
without repeating the edge pixel. Hue is shifted in float32 HSV.
"""

from functools import cache, lru_cache
from statistics import NormalDist
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.images.codec import RGB

_GREY: Final = np.array([0.2989, 0.587, 0.114])
_NORMAL_BITS: Final = 16


def rotate(image: RGB, degrees: float) -> RGB:
    """Turns the image counter-clockwise about its centre, same size, black corners."""
    height, width = image.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    return _rgb(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR))


def brightness(image: RGB, factor: float) -> RGB:
    """clip(factor·x)."""
    return _look_up(image, factor * np.arange(256))


def contrast(image: RGB, factor: float) -> RGB:
    """clip(factor·x + (1 - factor)·mean of the grey image)."""
    mean = float(_GREY @ np.array(cv2.mean(image)[:3]))
    return _look_up(image, factor * np.arange(256) + (1 - factor) * mean)


def saturation(image: RGB, factor: float) -> RGB:
    """clip(factor·x + (1 - factor)·grey)."""
    matrix = factor * np.eye(3) + (1 - factor) * _GREY[None, :]
    return _rgb(cv2.transform(image, matrix))


def hue(image: RGB, turns: float) -> RGB:
    """Shifts the H of HSV by a fraction of the colour circle."""
    hsv = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
    degrees = hsv[:, :, 0]
    degrees += 360 * (turns % 1)
    degrees[degrees >= 360] -= 360
    return _rgb(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def gaussian_blur(image: RGB, sigma: float, size: float) -> RGB:
    """Averages with a Gaussian of ``sigma`` pixels, cut to ``size`` × ``size``."""
    if sigma == 0:  # which OpenCV takes for a wish to choose it
        return image
    # In float32: OpenCV's own 8-bit blur rounds its weights and is 3 levels off at the worst.
    kernel = cv2.getGaussianKernel(int(size), sigma, cv2.CV_32F)
    return _rgb(
        cv2.sepFilter2D(image, cv2.CV_8U, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
    )


def gaussian_noise(image: RGB, mean: float, sigma: float, rng: np.random.Generator) -> RGB:
    """clip(x + mean + sigma·n) for pixels in [0, 1], one normal n a channel and pixel."""
    noise = cv2.LUT(random_bits(rng, image.shape), _noise_levels(mean, sigma))
    noise += image
    return _rgb(noise)


@lru_cache(maxsize=8)
def _noise_levels(mean: float, sigma: float) -> npt.NDArray[np.int16]:
    """The grey levels that each 16 random bits add: pixels are whole, so these are rounded."""
    levels = normal_quantiles() * np.float32(255 * sigma) + np.float32(255 * mean)
    whole = np.clip(np.rint(levels), -255, 255)  # what is beyond, is black or white anyway
    table: npt.NDArray[np.int16] = whole.astype(np.int16).reshape(1, -1)
    return table


def random_bits(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """16 random bits an element, the next ones of the generator's stream."""
    count = int(np.prod(shape))
    words = rng.bit_generator.random_raw(-(-count // 4)).astype("<u8", copy=False)
    return words.view("<u2")[:count].reshape(shape)


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


def _look_up(image: RGB, levels: npt.NDArray[np.floating]) -> RGB:
    return _rgb(cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8)))


def _rgb(image: npt.NDArray[Any]) -> RGB:
    """uint8 pixels as they are; others clipped, and rounded to the nearest level."""
    if image.dtype == np.uint8:
        return image
    rounded = image if image.dtype == np.int16 else np.rint(image)
    levels: RGB = np.clip(rounded, 0, 255).astype(np.uint8)
    return levels

"""Back to grey levels: kernels compute as they like, and round once, at the end."""

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.images.pixels import RGB

GREY: Final = np.array([0.2989, 0.587, 0.114])
"""The weights of red, green and blue in grey, as torchvision has them."""


def as_levels(image: npt.NDArray[Any]) -> RGB:
    """uint8 pixels as they are; others clipped, and rounded to the nearest level."""
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.int16:
        levels: RGB = np.clip(image, 0, 255).astype(np.uint8)
    else:
        levels = cv2.add(image, 0.0, dtype=cv2.CV_8U)  # as numpy rounds, in a tenth of the time
    return levels


def look_up(image: RGB, levels: npt.NDArray[np.floating]) -> RGB:
    """Puts a value for each grey level; ``levels`` has 256."""
    return as_levels(cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8)))


def filtered(image: RGB, kernel: npt.NDArray[np.float32]) -> RGB:
    """Weighs the neighbours of each pixel; the border is reflected without repeating its edge."""
    return as_levels(
        cv2.filter2D(image, cv2.CV_8U, cv2.flip(kernel, -1), borderType=cv2.BORDER_REFLECT_101)
    )

"""Blur: of a soft lens, and of a lens that zooms while the shutter is open."""

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.drift.pixels import as_levels
from raydrift.images.pixels import RGB

_TRUNCATED = 4.0  # deviations from the middle


def gaussian_blur(picture: RGB, _rng: object, sigma: float) -> RGB:
    """Blurs by a Gaussian that ends at 4 standard deviations; the border is repeated.

    Args:
        picture: uint8 of shape (height, width, 3).
        sigma: The standard deviation, pixels.
    """
    side = 2 * int(_TRUNCATED * sigma + 0.5) + 1
    border = cv2.BORDER_REPLICATE
    found = cv2.GaussianBlur(picture.astype(np.float32), (side, side), sigma, borderType=border)
    return as_levels(found)


def zoom_blur(picture: RGB, _rng: object, most: float) -> RGB:
    """The mean of the picture and of enlarged ones, each about its middle.

    Args:
        picture: uint8 of shape (height, width, 3).
        most: Where the factors 1, 1.01, 1.02, … end. It is one of them or not, as ``numpy.arange``
            rounds: the published pictures were made by that.
    """
    factors = np.arange(1, most, 0.01)
    original = picture.astype(np.float32)
    total = original.copy()
    for factor in factors.tolist():
        rows, columns = (_places(side, factor) for side in picture.shape[:2])
        across, down = np.meshgrid(columns, rows)
        total += cv2.remap(original, across, down, cv2.INTER_LINEAR)
    return as_levels(total * np.float32(1 / (len(factors) + 1)))


def _places(side: int, factor: float) -> npt.NDArray[np.float32]:
    """Where the pixels of an enlarged picture come from, along one side.

    So many pixels about the middle as fill the side are enlarged; the first and the last of them
    stay whole pixels, as ``scipy.ndimage.zoom`` has it.
    """
    kept = int(np.ceil(side / factor))
    first, enlarged = (side - kept) // 2, max(round(kept * factor), side)
    trimmed = (enlarged - side) // 2
    step = (kept - 1) / max(enlarged - 1, 1)
    places: npt.NDArray[np.float32] = (first + step * (trimmed + np.arange(side))).astype(
        np.float32
    )
    return places

"""``elastic``: the picture is slanted, and its pixels move a little."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.drift.normals import random_bits
from raydrift.drift.pixels import as_levels
from raydrift.images.pixels import RGB

_TRUNCATED: Final = 3.0  # deviations from the middle
_BITS: Final = 65536


def elastic(picture: RGB, rng: np.random.Generator, constants: tuple[float, float, float]) -> RGB:
    """Moves three corners of a square about the middle, and each pixel by a smooth field.

    Both borders are mirrored. Published for squares; of other pictures the middle is the middle.

    Args:
        picture: uint8 of shape (height, width, 3).
        rng: Draws where corners and pixels go.
        constants: A factor for the field, which is uniform in (-1, 1) and then blurred; the
            standard deviation of that blur, pixels; how far a corner moves at most along each side,
            pixels.
    """
    strength, sigma, most = constants
    found = _slanted(picture.astype(np.float32), rng, most)
    if strength:
        height, width = picture.shape[:2]
        across, down = (_field(rng, (height, width), strength, sigma) for _ in range(2))
        across += np.arange(width, dtype=np.float32)
        down += np.arange(height, dtype=np.float32)[:, None]
        border = cv2.BORDER_REFLECT
        found = cv2.remap(found, across, down, cv2.INTER_LINEAR, borderMode=border)
    return as_levels(found)


def _slanted(
    picture: npt.NDArray[np.float32], rng: np.random.Generator, most: float
) -> npt.NDArray[np.float32]:
    height, width = picture.shape[:2]
    x, y, half = width // 2, height // 2, max(min(height, width) // 3, 1)
    corners = np.array([[x + half, y + half], [x + half, y - half], [x - half, y - half]])
    moved = corners + rng.uniform(-most, most, corners.shape)
    matrix = cv2.getAffineTransform(corners.astype(np.float32), moved.astype(np.float32))
    found: npt.NDArray[np.float32] = cv2.warpAffine(
        picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101
    )
    return found


def _field(
    rng: np.random.Generator, shape: tuple[int, int], strength: float, sigma: float
) -> npt.NDArray[np.float32]:
    """How far each pixel moves along one side."""
    uniform = (random_bits(rng, shape) + np.float32(0.5)) * np.float32(2 / _BITS) - np.float32(1)
    side = 2 * int(_TRUNCATED * sigma + 0.5) + 1
    found: npt.NDArray[np.float32] = cv2.GaussianBlur(
        uniform, (side, side), sigma, borderType=cv2.BORDER_REFLECT
    )
    return found * np.float32(strength)

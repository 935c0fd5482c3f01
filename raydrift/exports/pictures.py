"""Pictures as files: the PNG as it is, or a JPEG of it."""

from typing import Final

import cv2
import numpy as np
import simplejpeg

from raydrift.errors import OutputError

JPEG_QUALITY: Final = 95
"""Of 100; colours are stored for every pixel."""

LOSSY: Final = (
    f"JPEG, quality {JPEG_QUALITY} of 100, 4:4:4: pixels differ a little from those of the run, "
    "whose PNG files have them as they are"
)
"""What is to be known of an export as JPEG."""


def jpeg_of(png: bytes) -> bytes:
    """A picture as JPEG, see ``JPEG_QUALITY``.

    Args:
        png: The PNG of a colour or grey image of 8 bits.

    Raises:
        OutputError: It is damaged.
    """
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        raise OutputError("a picture of the run is damaged: see raydrift inspect")
    return jpeg_of_pixels(pixels)


def jpeg_of_pixels(pixels: np.ndarray) -> bytes:
    """As ``jpeg_of``, of uint8 RGB of shape (height, width, 3)."""
    plain = np.ascontiguousarray(pixels)
    encoded: bytes = simplejpeg.encode_jpeg(plain, JPEG_QUALITY, "RGB", "444")
    return encoded

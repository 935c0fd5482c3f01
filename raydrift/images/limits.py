"""What an image may take: its pixels, and the memory to decode it; looked at before it is decoded.

How much memory a decoder takes depends on the format and on how the pixels are stored. The figures
were measured with large images; each is the peak in bytes a pixel, rounded up.
"""

from typing import Final

from PIL import Image

from raydrift.errors import ImageError
from raydrift.settings import ImageSettings

_STORED: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_STORED_OTHERS: Final = 4
_RGB: Final = 4
"""Bytes that Pillow stores for a pixel."""

_DECODER: Final = {"WEBP": 12, "AVIF": 12, "JPEG2000": 28, "GIF": 8, "ICO": 8}
"""Bytes a pixel that the decoders of these formats need besides; the others need a few rows."""


def check_pixels(pixels: int, settings: ImageSettings) -> None:
    """Refuses an image of too many pixels.

    Raises:
        ImageError: It has more than ``max_pixels``.
    """
    if pixels > settings.max_pixels:
        raise too_many_pixels(pixels, settings)


def too_many_pixels(pixels: int | str, settings: ImageSettings) -> ImageError:
    """What is said of an image of too many pixels."""
    return ImageError("decode", f"{pixels} pixels are more than max_pixels = {settings.max_pixels}")


def check_memory(needed: int, settings: ImageSettings) -> None:
    """Refuses an image that takes too much memory.

    Args:
        needed: Bytes that decoding it takes, those of the file among them.
        settings: The limits.

    Raises:
        ImageError: They are more than ``max_memory``.
    """
    if needed > settings.max_memory:
        raise ImageError(
            "decode",
            f"decoding it takes about {needed} bytes of memory, more than max_memory = "
            f"{settings.max_memory}",
        )


def bytes_a_pixel(image: Image.Image) -> int:
    """What Pillow needs for each pixel of an image that it opened, until the pixels are RGB."""
    stored = _STORED.get(image.mode, _STORED_OTHERS)
    if image.mode == "F" or image.mode.startswith("I"):
        converted = 8  # as float32, and once more while it is rounded
    elif image.has_transparency_data:
        converted = _RGB if image.mode == "RGBA" else 2 * _RGB
    elif image.mode in ("L", "RGB"):
        converted = 0
    else:
        converted = _RGB
    return stored + converted + _DECODER.get(image.format or "", 0)

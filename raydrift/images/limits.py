"""What an image may take: its pixels, and the memory to decode it; looked at before it is decoded.

How much memory a decoder takes depends on the format and on how the pixels are stored. The figures
here are peaks in bytes a pixel, measured with large images and rounded up.
"""

from typing import Final

from PIL import Image

from raydrift.errors import ImageError
from raydrift.settings.image import ImageSettings

BESIDES: Final = 2**24
"""Bytes that decoding any image takes: rows, tables, the resized image."""

_STORED: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_STORED_OTHERS: Final = 4
_RGB: Final = 4
"""Bytes that Pillow stores for a pixel."""

_SAMPLES: Final = {"F": 13, "I": 14}  # as an array, and what it becomes on its way to 8 bits
_SHORT_SAMPLES: Final = 6

_DEEP: Final = {"RGB": 18, "RGBA": 28, "LA": 25}
"""Bytes for a pixel of a PNG of 16 bits a sample, which Pillow only opens."""

_DECODERS: Final = {"WEBP": 14, "AVIF": 16, "ICO": 4}
_JPEG2000_BAND: Final = 6
"""Bytes a pixel that some decoders take, until they are done; the others need a few rows."""


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
        needed: Bytes of the file, its pixels and what they become.
        settings: The limits.

    Raises:
        ImageError: They are more than ``max_memory``.
    """
    needed += BESIDES
    if needed > settings.max_memory:
        raise ImageError(
            "decode",
            f"decoding it takes about {needed} bytes, more than image.max_memory = "
            f"{settings.max_memory}",
        )


def bytes_a_pixel(image: Image.Image, bits: int | None) -> int:
    """What each pixel needs until it is RGB.

    Args:
        image: As Pillow opened it.
        bits: The bits of a sample, where the file says so.
    """
    if image.format == "PNG" and bits == 16:
        colours = "RGB" if image.mode.startswith("RGB") else "L"
        deep = f"{colours}A" if image.has_transparency_data else colours
        if deep in _DEEP:
            return _DEEP[deep]
    stored = _STORED.get(image.mode, _STORED_OTHERS)
    if image.mode == "F" or image.mode.startswith("I"):
        converted = _SAMPLES.get(image.mode, _SHORT_SAMPLES)
    elif image.has_transparency_data:
        converted = _RGB if image.mode == "RGBA" else 2 * _RGB
    elif image.mode in ("L", "RGB"):
        converted = 0
    else:
        converted = _RGB
    decoder = _DECODERS.get(image.format or "", 0)
    if image.format == "JPEG2000":
        decoder = _JPEG2000_BAND * len(image.getbands()) * (2 if "16" in image.mode else 1)
    return stored + max(converted, decoder)

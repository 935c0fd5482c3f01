"""Pixels to another size: an antialiased bilinear filter, as torchvision's ``Resize`` and Pillow.

Where there is a wheel of cykooz.resizer it is five times as fast as Pillow, and at most one grey
level from it; elsewhere (Linux on ARM) Pillow does it.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

try:
    import cykooz_resizer as simd
except ImportError:
    simd = None

_COPIED: Final = 2**21  # pixels; of larger images there is no room for a copy

Pixels = npt.NDArray[np.uint8]


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Resizes 8-bit pixels, each dimension for itself.

    Args:
        pixels: uint8 of shape (h, w, 3), or (h, w) in grey.
        height: Wanted.
        width: Wanted.

    Returns:
        uint8 of shape (height, width, 3) or (height, width); the same on every kind of CPU that
        the same package resizes on.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    return _by_pillow(pixels, height, width) if simd is None else _by_simd(pixels, height, width)


def resize_image(image: Image.Image, height: int, width: int) -> Pixels:
    """Resizes a Pillow image, RGB or grey, as ``resize``; a large one in Pillow's own memory."""
    if image.width * image.height > _COPIED:
        return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    return resize(np.asarray(image), height, width)


def _by_pillow(pixels: Pixels, height: int, width: int) -> Pixels:
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def _by_simd(pixels: Pixels, height: int, width: int) -> Pixels:
    kind = simd.PixelType.U8x3 if pixels.ndim == 3 else simd.PixelType.U8
    source = simd.ImageData(pixels.shape[1], pixels.shape[0], kind, pixels.tobytes())
    result = simd.ImageData(width, height, kind)
    simd.Resizer().resize(source, result, _bilinear())
    return np.frombuffer(result.rust_image.buffer(), np.uint8).reshape(
        height, width, *pixels.shape[2:]
    )


def _bilinear() -> Any:
    return simd.ResizeOptions(simd.ResizeAlg.convolution(simd.FilterType.bilinear))

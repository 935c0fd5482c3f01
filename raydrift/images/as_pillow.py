"""Image files to the very pixels that Pillow makes of them.

This is how Keras reads images: the colours are converted, transparency is dropped, EXIF and colour
profiles have no effect, of an animation the first picture counts. A file that Pillow refuses is
refused.

Pillow itself decodes: its time is libjpeg's, and simplejpeg with any way to resize its pixels takes
as long where the pixels are to be equal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from raydrift.errors import ImageError, SettingsError
from raydrift.images.reasons import reason_of

COLOR_MODES: Final = ("grayscale", "rgb", "rgba")

NEAREST: Final = "nearest"

INTERPOLATIONS: Final = {
    NEAREST: Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "hamming": Image.Resampling.HAMMING,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Pillow's filters by name."""

_MODES: Final = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}
"""What is left as it is in each colour mode; everything else becomes the first."""

# Pillow's other formats are no photographs, and one of them starts a PostScript interpreter.
_FORMATS: Final = (
    "JPEG", "PNG", "BMP", "PPM", "TIFF", "GIF", "WEBP", "AVIF", "DIB", "ICO", "JPEG2000", "TGA",
)  # fmt: skip

_ARRAY: Final = b"\x93NUMPY"

Array = npt.NDArray[Any]

Box = tuple[int, int, int, int]
"""Left, upper, right and lower edge of a part of an image."""


def decode(
    data: bytes,
    *,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = NEAREST,
    keep_aspect_ratio: bool = False,
) -> Array:
    """Decodes an image file to the pixels that ``convert`` and ``resize`` of Pillow make of it.

    A ``.npy`` file gives its array as it is, neither converted nor resized.

    Args:
        data: The file's content.
        color_mode: ``grayscale``, ``rgb`` or ``rgba``.
        target_size: Height and width; None: as the image is.
        interpolation: A name of ``INTERPOLATIONS``; it is looked at where an image is resized.
        keep_aspect_ratio: Whether the middle of the image, in the target's ratio, is resized.

    Returns:
        The pixels, (height, width, channels) with 1, 3 or 4 channels, for the caller to write in:
        uint8; in ``grayscale`` uint16 or int32 of files with so many bits.

    Raises:
        ImageError: The file cannot be decoded.
        SettingsError: There is no such colour mode or interpolation.
    """
    check_color_mode(color_mode)
    if data.startswith(_ARRAY):
        return _array(data)
    with _refusing():
        image = converted(Image.open(BytesIO(data), formats=_FORMATS), color_mode)
    if target_size is not None and image.size != (target_size[1], target_size[0]):
        check_interpolation(interpolation)
    with _refusing():
        image = resized(image, target_size, interpolation, keep_aspect_ratio)
        pixels: Array = np.array(image)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def converted(image: Image.Image, color_mode: str) -> Image.Image:
    """An image in a colour mode; in ``grayscale`` one of 16 or 32 bits keeps them.

    Raises:
        SettingsError: There is no such colour mode.
    """
    check_color_mode(color_mode)
    modes = _MODES[color_mode]
    return image if image.mode in modes else image.convert(modes[0])


def resized(
    image: Image.Image,
    target_size: tuple[int, int] | None,
    interpolation: str = NEAREST,
    keep_aspect_ratio: bool = False,
) -> Image.Image:
    """An image in a size, see ``decode``; itself where it has that size.

    Raises:
        SettingsError: There is no such interpolation.
    """
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    check_interpolation(interpolation)
    box = crop_box(image.size, target_size) if keep_aspect_ratio else None
    size = (target_size[1], target_size[0])
    return image.resize(size, INTERPOLATIONS[interpolation], box=box)


def crop_box(size: tuple[int, int], target_size: tuple[int, int]) -> Box:
    """The middle of an image, of the ratio of a target.

    Args:
        size: Width and height of the image.
        target_size: Height and width of the target.

    >>> crop_box((500, 340), (200, 200))
    (80, 0, 420, 340)
    """
    (width, height), (target_height, target_width) = size, target_size
    crop_height = min(height, width * target_height // target_width)
    crop_width = min(width, height * target_width // target_height)
    left, upper = (width - crop_width) // 2, (height - crop_height) // 2
    return left, upper, left + crop_width, upper + crop_height


def check_color_mode(color_mode: str) -> None:
    """Refuses a colour mode that there is not.

    Raises:
        SettingsError: It is none of ``COLOR_MODES``.
    """
    if color_mode not in COLOR_MODES:
        raise SettingsError('color_mode must be "grayscale", "rgb", or "rgba"')


def check_interpolation(interpolation: str) -> None:
    """Refuses a filter that Pillow has not.

    Raises:
        SettingsError: It is none of ``INTERPOLATIONS``.
    """
    if interpolation not in INTERPOLATIONS:
        raise SettingsError(
            f"Invalid interpolation method {interpolation} specified. Supported methods are "
            f"{', '.join(INTERPOLATIONS)}"
        )


@contextmanager
def _refusing() -> Iterator[None]:
    """Pillow's plugins raise nearly anything on bytes that are not what they seem."""
    try:
        yield
    except UnidentifiedImageError:
        raise ImageError("decode", "not an image in a known format") from None
    except MemoryError:
        raise
    except Exception as error:
        raise ImageError("decode", reason_of(error)) from None


def _array(data: bytes) -> Array:
    try:
        with BytesIO(data) as file:
            array: Array = np.load(file, allow_pickle=False)
    except Exception as error:
        raise ImageError("decode", reason_of(error)) from None
    return array

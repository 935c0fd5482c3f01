"""Image files to the very pixels that Pillow makes of them, mostly faster.

This is how Keras reads images: the colours are converted, transparency is dropped, EXIF and colour
profiles have no effect, of an animation the first picture counts. A file that Pillow refuses is
refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import simplejpeg
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

_JPEGS: Final = ("JPEG", "MPO")
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
        image = Image.open(BytesIO(data), formats=_FORMATS)
        pixels = _by_libjpeg(data, image)
        if pixels is None:
            image.load()
    size = None if target_size is None else (target_size[1], target_size[0])
    resizes = size is not None and image.size != size
    if resizes:
        check_interpolation(interpolation)
    with _refusing():
        if pixels is not None and not (resizes and interpolation != NEAREST):
            if resizes and target_size is not None:
                box = crop_box(image.size, target_size) if keep_aspect_ratio else None
                pixels = _nearest(pixels, target_size, box)
            return _coloured(pixels, color_mode)
        if pixels is not None:
            image = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)
        image = converted(image, color_mode)
        made = np.array(resized(image, target_size, interpolation, keep_aspect_ratio))
    return made if made.ndim == 3 else made[..., np.newaxis]


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


def _by_libjpeg(data: bytes, image: Image.Image) -> Array | None:
    """The pixels of a JPEG, (height, width, 1 or 3); None: Pillow is to judge.

    simplejpeg refuses all that libjpeg complains of, and Pillow a part of it.
    """
    if image.format not in _JPEGS or image.mode not in ("L", "RGB"):
        return None
    try:
        pixels: Array = simplejpeg.decode_jpeg(data, "GRAY" if image.mode == "L" else "RGB")
    except (ValueError, KeyError):  # the latter where the sampling is unknown
        return None
    return pixels if pixels.shape[1::-1] == image.size else None


def _nearest(pixels: Array, target_size: tuple[int, int], box: Box | None) -> Array:
    """Pixels resized as Pillow's nearest does it."""
    height, width, channels = pixels.shape
    left, upper, right, lower = box or (0, 0, width, height)
    rows = _picked(upper, lower, target_size[0])
    columns = _picked(left, right, target_size[1])
    whole = pixels.take(rows, axis=0, mode="clip").view(f"V{channels}")[..., 0]
    return whole.take(columns, axis=1, mode="clip").view(np.uint8).reshape(*target_size, channels)


@lru_cache(maxsize=4096)
def _picked(start: int, stop: int, count: int) -> npt.NDArray[np.intp]:
    """Which of the pixels in a row Pillow takes: it adds the step up, one by one, in doubles."""
    if stop <= start:
        raise ValueError("box can't be empty")  # as Pillow says
    step = (stop - start) / count
    steps = np.full(count, step)
    steps[0] = start + step * 0.5
    return np.cumsum(steps).astype(np.intp)


def _coloured(pixels: Array, color_mode: str) -> Array:
    """Grey or red, green and blue to a colour mode, as Pillow converts them."""
    channels = pixels.shape[2]
    if color_mode == "grayscale":
        if channels == 1:
            return pixels
        return np.array(Image.fromarray(pixels).convert("L"))[..., np.newaxis]
    colours = np.repeat(pixels, 3, axis=2) if channels == 1 else pixels
    if color_mode == "rgb":
        return colours
    return np.concatenate([colours, np.full_like(colours[..., :1], 255)], axis=2)

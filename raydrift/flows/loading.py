"""Image files to Pillow's images and to arrays, as Keras' functions of these names do it."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from raydrift.errors import SettingsError
from raydrift.images.as_pillow import converted, resized
from raydrift.warned import warn

_PICTURES: Final = ("jpg", "jpeg", "bmp", "png", "ppm", "tif", "tiff")


def load_img(
    path: str | bytes | os.PathLike[str] | BytesIO,
    grayscale: bool | str = False,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image.Image:
    """Loads an image.

    Args:
        path: The file, or its content.
        grayscale: Deprecated: give ``color_mode="grayscale"``. A colour mode in its place is taken
            as such, as in Keras 3.
        color_mode: ``grayscale``, ``rgb`` or ``rgba``; in ``grayscale``, 16 and 32 bits are kept.
        target_size: Height and width; None: as the image is.
        interpolation: Pillow's filter: ``nearest``, ``bilinear``, ``bicubic``, ``lanczos``,
            ``box`` or ``hamming``; it is looked at where an image is resized.
        keep_aspect_ratio: Whether the middle of the image, in the target's ratio, is resized.

    Returns:
        Pillow's image.

    Raises:
        SettingsError: There is no such colour mode or interpolation; it is a ValueError.
        TypeError: ``path`` is no path.
        OSError: The file cannot be read, or is not an image.
    """
    if isinstance(grayscale, str):
        color_mode = grayscale
    elif grayscale:
        warn('grayscale is deprecated. Please use color_mode = "grayscale"')
        color_mode = "grayscale"
    image = converted(_opened(path), color_mode)
    return resized(image, target_size, interpolation, keep_aspect_ratio)


def _opened(path: str | bytes | os.PathLike[str] | BytesIO) -> Image.Image:
    if isinstance(path, BytesIO):
        return Image.open(path)
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    name = os.fsdecode(path)
    try:
        return Image.open(BytesIO(Path(name).read_bytes()))
    except UnidentifiedImageError:
        raise UnidentifiedImageError(f"{name}: not an image in a known format") from None


def img_to_array(
    img: Any, data_format: str | None = "channels_last", dtype: npt.DTypeLike | None = "float32"
) -> npt.NDArray[Any]:
    """An image of Pillow's, or an array of two or three axes, as an array of three.

    Args:
        img: The image.
        data_format: ``channels_last`` (also None) or ``channels_first``.
        dtype: Of the array; None: float32.

    Returns:
        (height, width, channels), or with the channels first.

    Raises:
        SettingsError: There is no such data format, or the image has another number of axes.
    """
    data_format = checked_format(data_format, "Unknown")
    x = np.asarray(img, dtype=dtype or "float32")
    if x.ndim == 2:
        x = x[..., np.newaxis]
    elif x.ndim != 3:
        raise SettingsError(f"Unsupported image shape: {x.shape}")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def checked_format(data_format: str | None, what: str = "Invalid") -> str:
    """A data format; None is ``channels_last``.

    Raises:
        SettingsError: There is no such format.
    """
    if data_format is None:
        return "channels_last"
    if data_format not in ("channels_first", "channels_last"):
        raise SettingsError(f"{what} data_format: {data_format}")
    return data_format


def list_pictures(directory: str, ext: str | tuple[str, ...] = _PICTURES) -> list[str]:
    """All pictures in a folder and below it.

    Args:
        directory: The folder.
        ext: One or several endings of names, without the dot.
    """
    endings = tuple(f".{one}" for one in ((ext,) if isinstance(ext, str) else ext))
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(directory)
        for name in names
        if name.lower().endswith(endings)
    ]


def validate_filename(filename: str, white_list_formats: tuple[str, ...]) -> bool:
    """Whether a file is there and its name ends in one of these, in upper or lower case.

    Args:
        filename: Its path.
        white_list_formats: The endings.
    """
    return filename.lower().endswith(tuple(white_list_formats)) and os.path.isfile(filename)

"""Arrays to Pillow's images and to files, as Keras' functions of these names do it."""

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.flows.loading import checked_format
from raydrift.warned import warn

_JPEG: Final = ("jpg", "jpeg")
_DEEPEST: Final = 255


def array_to_img(
    x: npt.ArrayLike,
    data_format: str | None = "channels_last",
    scale: bool = True,
    dtype: npt.DTypeLike | None = "float32",
) -> Image.Image:
    """An array as an image of Pillow's.

    Args:
        x: (height, width, channels), or with the channels first; 1, 3 or 4 channels.
        data_format: ``channels_last`` (also None) or ``channels_first``.
        scale: Whether the least value becomes 0 and the greatest 255.
        dtype: What the array is made before; None: float32.

    Returns:
        An image in grey (32 bits a pixel if a value is above 255), RGB or RGBA.

    Raises:
        SettingsError: The array is of another shape, or there is no such data format.
    """
    pixels: npt.NDArray[Any] = np.asarray(x, dtype=dtype or "float32")
    if pixels.ndim != 3:
        raise SettingsError(
            "Expected image array to have rank 3 (single image). "
            f"Got array with shape: {pixels.shape}"
        )
    if checked_format(data_format) == "channels_first":
        pixels = pixels.transpose(1, 2, 0)
    if pixels.shape[2] not in (1, 3, 4):
        raise SettingsError(f"Unsupported channel number: {pixels.shape[2]}")
    if scale:
        pixels = pixels - np.min(pixels)
        most = np.max(pixels)
        pixels = (pixels / most if most != 0 else pixels) * 255
    if pixels.shape[2] == 1:
        grey = pixels[..., 0]
        return Image.fromarray(grey.astype("int32" if np.max(grey) > _DEEPEST else "uint8"))
    return Image.fromarray(pixels.astype("uint8"))


def save_img(
    path: Any,
    x: npt.ArrayLike,
    data_format: str | None = "channels_last",
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Saves an array as an image file.

    Args:
        path: The file, or a file object.
        x: The array, see ``array_to_img``.
        data_format: ``channels_last`` (also None) or ``channels_first``.
        file_format: Of the file; None: as the path ends. A file object needs it.
        scale: Whether the least value becomes 0 and the greatest 255.
        **kwargs: What ``PIL.Image.Image.save`` takes.

    Raises:
        SettingsError: The array is of another shape, or there is no such data format.
    """
    ending = file_format
    if file_format is None and isinstance(path, str | os.PathLike):
        ending = Path(path).suffix.removeprefix(".")
    is_jpeg = str(ending).lower() in _JPEG
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and is_jpeg:
        warn("The JPG format does not support RGBA images, converting to RGB.")
        image = image.convert("RGB")
    image.save(path, format="jpeg" if is_jpeg else file_format, **kwargs)


def saved_name(
    prefix: str | None, index: int, file_format: str, *, seed: int, epoch: int, numbers: int = 10**7
) -> str:
    """What Keras calls the file of an augmented sample: prefix, index and a number.

    Args:
        prefix: The user's.
        index: Which sample of the flow it is.
        file_format: The ending.
        seed: The flow's own.
        epoch: The epoch.
        numbers: There are so many numbers; of arrays Keras has 10,000.

    >>> saved_name("aug", 12, "png", seed=42, epoch=0)
    'aug_12_6353723.png'
    """
    return f"{prefix or ''}_{index}_{_number(seed, index, epoch, numbers)}.{file_format}"


def saved_name_of_file(
    prefix: str | None, filename: str, file_format: str, *, seed: int, index: int, epoch: int
) -> str:
    """What mltk calls it: the prefix if there is one, the file's path and a number.

    Args:
        prefix: The user's.
        filename: The path of the image in the flow's folder.
        file_format: The ending.
        seed: The flow's own.
        index: Which sample of the flow it is.
        epoch: The epoch.

    >>> saved_name_of_file("", "cat/1.jpg", "png", seed=42, index=12, epoch=0)
    'cat-1.jpg_6353723.png'
    """
    name = f"{filename.replace('/', '-')}_{_number(seed, index, epoch, 10**7)}.{file_format}"
    return f"{prefix}_{name}" if prefix else name


def _number(seed: int, index: int, epoch: int, numbers: int) -> int:
    """Keeps apart what two epochs or two flows save; Keras draws it, mltk takes the time."""
    return int(seeds.generator(seed, seeds.FLOW_NAMES, index, epoch).integers(numbers))

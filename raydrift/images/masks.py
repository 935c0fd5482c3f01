"""Masks: a label for each pixel of an image, in a file of its own."""

from dataclasses import replace
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.limits import check_memory, check_pixels
from raydrift.images.pixels import Array, ColourSpace
from raydrift.images.quiet import quiet
from raydrift.images.reasons import reason_of
from raydrift.settings.image import ImageSettings

STAGE: Final = "mask"
"""The stage at which an image is rejected for its mask."""

MASK_SUFFIXES: Final = frozenset((".png", ".tif", ".tiff", ".bmp", ".gif", ".pgm", ".pnm", ".webp"))
"""A file is taken for a mask if its name ends so, in upper or lower case."""

_FORMATS: Final = ("PNG", "TIFF", "BMP", "GIF", "PPM", "WEBP")
_BYTES: Final = 8  # of a pixel: in the file's mode, as numbers, and as they are compared
_ONE_CHANNEL: Final = ("1", "L", "P", "I;16", "I;16B", "I;16L", "I;16N", "I")


def decode_mask(data: bytes, settings: ImageSettings) -> Decoded:
    """Decodes a mask; its values are labels, and stay what they are.

    Of a palette its indices are the labels, of black and white 0 and 1. An image in colours is
    taken where all three are the same.

    Args:
        data: The file's content: PNG, TIFF, BMP, GIF, PGM or lossless WebP.
        settings: The limits; the size is not changed.

    Returns:
        Grey, uint8 or uint16 of shape (height, width).

    Raises:
        ImageError: The file is not a whole mask.
    """
    try:
        with quiet(), Image.open(BytesIO(data), formats=_FORMATS) as image:
            check_pixels(image.height * image.width, settings)
            check_memory(len(data) + _BYTES * image.height * image.width, settings)
            image.load()
            return Decoded(_labels(image), space=ColourSpace.GREY)
    except MemoryError:
        raise ImageError(STAGE, "decoding its mask takes more memory than there is") from None
    except ImageError as problem:
        raise ImageError(STAGE, f"its mask: {problem.reason}") from None
    except Exception as error:  # Pillow's plugins raise nearly anything
        raise ImageError(STAGE, f"its mask {reason_of(error)}") from None


def _labels(image: Image.Image) -> Array:
    if image.mode in _ONE_CHANNEL:
        numbers = np.asarray(image)
    else:
        colours = np.asarray(image.convert("RGB"))
        numbers = np.ascontiguousarray(colours[:, :, 0])
        if (colours != numbers[:, :, None]).any():
            raise ImageError(STAGE, f"it is {image.mode} in several colours: save labels in grey")
    if numbers.dtype == np.bool_:
        return numbers.astype(np.uint8)
    if numbers.dtype == np.uint8:
        return numbers
    low, high = int(numbers.min(initial=0)), int(numbers.max(initial=0))
    if low < 0 or high > np.iinfo(np.uint16).max:
        raise ImageError(STAGE, f"its labels are {low} to {high}: give 0 to 65535")
    return numbers.astype(np.uint16)


def with_mask(image: Decoded, mask: Array, settings: ImageSettings) -> Decoded:
    """An image with its mask.

    Args:
        image: With the size that its file has; a mosaic is not resized yet, and its mask neither.
        mask: uint8 or uint16, (height, width).
        settings: The size that images are brought to.

    Raises:
        ImageError: The mask is not as large as the image in its file.
    """
    is_mosaic = image.space == ColourSpace.MOSAIC
    size = image.pixels.shape if is_mosaic else image.size
    if mask.shape != size:
        theirs = "not known" if size is None else f"{size[0]} x {size[1]}"
        raise ImageError(
            STAGE,
            f"its mask has {mask.shape[0]} x {mask.shape[1]} pixels, the image {theirs}: give each "
            "image a mask of its size, upright",
        )
    return replace(image, mask=mask if is_mosaic else resized_mask(mask, settings))


def resized_mask(mask: Array, settings: ImageSettings) -> Array:
    """A mask at the size of the images: each pixel has the label of the nearest one.

    The nearest to the centre of a pixel, by exact arithmetic: the same on every machine.
    """
    rows, columns = (
        _nearest(before, after)
        for before, after in zip(mask.shape, (settings.height, settings.width), strict=True)
    )
    return np.ascontiguousarray(mask[rows[:, None], columns])


def _nearest(before: int, after: int) -> npt.NDArray[np.int64]:
    """Which of ``before`` pixels lies under the centre of each of ``after``.

    >>> _nearest(4, 2).tolist(), _nearest(2, 4).tolist()
    ([1, 3], [0, 0, 1, 1])
    """
    return (2 * np.arange(after) + 1) * before // (2 * after)

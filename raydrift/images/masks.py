"""Masks: a label for each pixel of an image, in a file of its own."""

import re
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

MASK_SUFFIXES: Final = frozenset((".png", ".tif", ".tiff", ".bmp", ".gif", ".pgm", ".pnm"))
"""A file is taken for a mask if its name ends so, in upper or lower case."""

_FORMATS: Final = ("PNG", "TIFF", "BMP", "GIF", "PPM")
_BYTES: Final = 8  # of a pixel: in the file's mode, as numbers, and as they are compared
_ONE_CHANNEL: Final = ("1", "L", "P", "I;16", "I;16B", "I;16L", "I;16N", "I")
_COLOURS: Final = ("RGB", "RGBA", "LA")
_STEP: Final = {2: 85, 4: 17}
"""What Pillow multiplies grey values of so few bits by."""

_GREY: Final = 0  # how PNG numbers it
_GREY_MAP: Final = re.compile(rb"P[25]\s+(?:#[^\n]*\n\s*)*\d+\s+(?:#[^\n]*\n\s*)*\d+\s+(\d+)\s")
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # tags of TIFF


def decode_mask(data: bytes, settings: ImageSettings) -> Decoded:
    """Decodes a mask; its values are labels, and stay what they are.

    Of a palette its indices are the labels, of black and white 0 and 1. An image in colours is
    taken where all three are the same.

    Args:
        data: The file's content: PNG, TIFF, BMP, GIF or PGM.
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
            step = _step(image, data)
            image.load()
            return Decoded(_labels(image) // step, space=ColourSpace.GREY)
    except MemoryError:
        raise ImageError(STAGE, "decoding its mask takes more memory than there is") from None
    except ImageError as problem:
        raise ImageError(STAGE, f"its mask: {problem.reason}") from None
    except Exception as error:  # Pillow's plugins raise nearly anything
        raise ImageError(STAGE, f"its mask {reason_of(error)}") from None


def _step(image: Image.Image, data: bytes) -> int:
    """What Pillow multiplies the labels by; files that it changes otherwise are refused.

    Raises:
        ImageError: It would not give the numbers that are in the file.
    """
    match image.format:
        case "PNG":
            bits, colours = data[24], data[25]
            if bits == 16 and colours != _GREY:
                raise ImageError(STAGE, "it has 16 bits and several channels: save labels in grey")
            return _STEP.get(bits, 1) if colours == _GREY else 1
        case "PPM":
            found = _GREY_MAP.match(data)
            if found is not None and int(found[1]) not in (255, 65_535):
                highest = found[1].decode()
                raise ImageError(
                    STAGE, f"its highest value is {highest}: save it with 255 or 65535, or as PNG"
                )
        case "TIFF":
            tags = image.getexif()
            bits = tags.get(_BITS, 1)
            bits = bits if isinstance(bits, int) else bits[0]
            kind = tags.get(_SAMPLE_FORMAT, 1)
            kind = kind if isinstance(kind, int) else kind[0]
            if tags.get(_PHOTOMETRIC) == 0:
                raise ImageError(STAGE, "its highest value is black: save it with 0 as black")
            if kind == 2 and bits == 8:
                raise ImageError(STAGE, "its labels have a sign: give 0 to 65535")
            return _STEP.get(bits, 1) if image.mode == "L" else 1
    return 1


def _labels(image: Image.Image) -> Array:
    if image.mode in _ONE_CHANNEL:
        numbers = np.asarray(image)
    elif image.mode in _COLOURS:
        channels = np.asarray(image)
        last = channels.shape[2] - (image.mode != "RGB")
        if last < channels.shape[2] and (channels[:, :, last] != 255).any():
            raise ImageError(STAGE, "parts of it are transparent: save labels in grey")
        numbers = np.ascontiguousarray(channels[:, :, 0])
        if (channels[:, :, :last] != numbers[:, :, None]).any():
            raise ImageError(STAGE, f"it is {image.mode} in several colours: save labels in grey")
    else:
        raise ImageError(STAGE, f"it is a picture of mode {image.mode}: save labels in grey")
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
            f"image a mask of its size, {'as the mosaic lies' if is_mosaic else 'upright'}",
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

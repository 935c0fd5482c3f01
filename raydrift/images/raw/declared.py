"""Mosaics in files that do not say that they are: TIFF, PNG, PGM, or without any header."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from raydrift.errors import ImageError
from raydrift.images import tiff
from raydrift.images.decoded import Decoded
from raydrift.images.limits import check_memory
from raydrift.images.png import PNG_START, take_apart
from raydrift.images.quiet import quiet
from raydrift.images.raw.mosaic import Mosaic, check_size, decoded_mosaic
from raydrift.images.reasons import reason_of
from raydrift.images.refused import CameraRawError
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import HEADERLESS, RawSettings

if TYPE_CHECKING:
    from tifffile import TiffPage

_GREY: Final = ("L", "I;16", "I;16B", "I;16L", "I;16N", "I")
_COLOURS: Final = ("RGB", "RGBA", "LA")
_BYTE: Final = 8
_PGM: Final = b"P5"


def read_declared(data: bytes, settings: ImageSettings, raw: RawSettings) -> Decoded:
    """Reads a mosaic that the settings declare.

    Args:
        data: The file's content.
        settings: The limits.
        raw: What it is.

    Returns:
        uint16 mosaic; its facts are ``black`` by place, ``white``, ``full`` (what the published
        pipeline divides by), ``cfa`` and ``orientation``, which is 1.

    Raises:
        ImageError: It is no such file, not whole, too large, or has several colours.
    """
    try:
        mosaic, full = (
            _headerless(data, settings, raw)
            if raw.files == HEADERLESS
            else _read(data, settings, raw.files)
        )
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # decoders raise nearly anything
        raise ImageError("decode", reason_of(error)) from None
    most = full if raw.bits is None else float(2**raw.bits - 1)
    black = list(raw.black or (0.0,) * 4)
    facts = {
        "cfa": raw.cfa,
        "black": black,
        "black_by_colour": black,
        "white": most if raw.white is None else raw.white,
        "full": full,
        "orientation": 1,
    }
    return decoded_mosaic(mosaic, facts)


def _headerless(data: bytes, settings: ImageSettings, raw: RawSettings) -> tuple[Mosaic, float]:
    height, width = raw.shape
    dtype = np.dtype("u1" if raw.bits is not None and raw.bits <= _BYTE else "<u2")
    wanted = height * width * dtype.itemsize
    if len(data) != wanted:
        raise ImageError(
            "decode",
            f"it has {len(data)} bytes, {height} x {width} pixels of {8 * dtype.itemsize} bits "
            f"are {wanted}: set raw.shape and raw.bits",
        )
    check_size(height, width, len(data), settings)
    numbers = np.frombuffer(data, dtype).reshape(height, width)
    return numbers.astype(np.uint16), _full(numbers)


def _read(data: bytes, settings: ImageSettings, kind: str) -> tuple[Mosaic, float]:
    numbers: npt.NDArray[Any]
    match kind:
        case "tiff":
            numbers = _of_tiff(data, settings)
        case "png" if data.startswith(PNG_START):
            numbers = _of_pillow(data, take_apart(data).pixels, settings, "PNG")
        case "pgm" if data.startswith(_PGM):
            numbers = _of_pillow(data, data, settings, "PPM")
        case _:
            raise ImageError("decode", f"it is no {kind}: set raw.files to what it is")
    if numbers.dtype not in (np.uint8, np.uint16):
        raise ImageError(
            "decode", f"its numbers are {numbers.dtype}: a mosaic has whole ones, 8 or 16 bits"
        )
    return numbers.astype(np.uint16), _full(numbers)


def _full(numbers: npt.NDArray[Any]) -> float:
    return float(np.iinfo(numbers.dtype).max)


def _of_tiff(data: bytes, settings: ImageSettings) -> npt.NDArray[Any]:
    if not tiff.is_tiff(data):
        raise ImageError("decode", "it is no tiff: set raw.files to what it is")
    with _opened(data) as page:
        if page is None:
            raise ImageError("decode", "its tags cannot be read")
        check_size(page.imagelength, page.imagewidth, len(data), settings)
        check_memory(len(data) + tiff.memory_of(page), settings)
        image = tiff.read(data, page)
    if image.palette is not None or image.inverted:
        raise ImageError("decode", "it is a picture, with a palette or black as the highest number")
    return _one_channel(image.samples)


@contextmanager
def _opened(data: bytes) -> Iterator["TiffPage | None"]:
    try:
        with tiff.opened(BytesIO(data)) as page:
            yield page
    except CameraRawError:
        raise ImageError(
            "decode", 'it is a camera\'s raw file, which says all: set raw.files = "auto"'
        ) from None


def _of_pillow(data: bytes, file: bytes, settings: ImageSettings, kind: str) -> npt.NDArray[Any]:
    with quiet(), Image.open(BytesIO(file), formats=(kind,)) as image:
        check_size(image.height, image.width, len(data) + len(file), settings)
        if image.mode not in (*_GREY, *_COLOURS):
            raise ImageError("decode", f"it is a picture of mode {image.mode}, and no mosaic")
        image.load()
        numbers = np.array(image)
    if image.mode == "I":  # where Pillow has 16 bits in 32
        numbers = numbers.astype(np.uint16)
    if numbers.dtype.kind == "u" and not numbers.dtype.isnative:
        numbers = numbers.astype(np.uint16)
    return _one_channel(numbers)


def _one_channel(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The one channel of an image; of several, if all of its colours are the same.

    Raises:
        ImageError: They are not.
    """
    if numbers.ndim == 2:
        return numbers
    first, colours = numbers[:, :, 0], numbers[:, :, : 3 if numbers.shape[2] > 2 else 1]
    if (colours != first[:, :, None]).any():
        raise ImageError("decode", "it has several colours: a mosaic has one channel")
    return first

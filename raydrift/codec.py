"""Image bytes to RGB pixels, and back to PNG.

What becomes of the less usual images: EXIF orientation is applied. Transparent pixels are laid over
white. Of an animation or a multi-page file the first frame is taken. 16-bit grey is divided by 257;
float pixels are taken as 0 to 1 if none lies outside, else as 0 to 255. CMYK is converted by
Pillow's formula. Colour profiles are not applied. A truncated file is rejected, never half used.
"""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt
import simplejpeg
from isal import isal_zlib
from PIL import Image, ImageOps, UnidentifiedImageError

from raydrift.errors import ImageError
from raydrift.settings import ImageSettings

RGB = npt.NDArray[np.uint8]
"""Pixels of shape (height, width, 3), red first, 0 to 255."""

_JPEG_START: Final = b"\xff\xd8\xff"
_EXIF_START: Final = b"Exif\0\0"
_APP1: Final = 0xE1
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_ORIENTATION_TAG: Final = 0x0112
_SIDEWAYS: Final = (5, 6, 7, 8)
_MARGIN: Final = 2

# Pillow's other formats are no photographs, and one of them starts a PostScript interpreter.
_FORMATS: Final = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP",
)  # fmt: skip

_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_FILTER_UP: Final = 2


def decode(data: bytes, settings: ImageSettings) -> RGB:
    """Decodes an image file, turns it upright and resizes it.

    The size is changed as torchvision's ``Resize`` does it, by an antialiased bilinear filter. A
    JPEG is first decoded at the smallest of libjpeg's scales that is at least twice the wanted
    size. Everything else, and a JPEG that libjpeg complains of, is Pillow's to judge.

    Args:
        data: The file's content.
        settings: The wanted size and the limits.

    Returns:
        uint8 pixels of shape (settings.height, settings.width, 3).

    Raises:
        ImageError: The file is not a whole image that can be used.
    """
    if not data:
        raise ImageError("decode", "the file is empty")
    orientation = 1
    image = None
    if data.startswith(_JPEG_START):
        orientation = _exif_orientation(data)
        image = _decode_jpeg(data, settings, sideways=orientation in _SIDEWAYS)
    if image is None:
        orientation = 1
        image = _decode_any(data, settings)
    height, width = settings.height, settings.width
    if orientation in _SIDEWAYS:
        height, width = width, height
    return _upright(_resize(image, height, width), orientation)


def encode_png(image: RGB) -> bytes:
    """Encodes uint8 RGB pixels of shape (height, width, 3) as PNG, lossless and fast.

    Every row is stored as its difference to the one above, then deflated by ISA-L at level 1.
    """
    height, width, channels = image.shape
    rows = image.reshape(height, width * channels)
    filtered = np.empty((height, width * channels + 1), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = isal_zlib.compress(filtered, 1)
    return b"".join(
        (_PNG_START, *_chunk(b"IHDR", header), *_chunk(b"IDAT", body), *_chunk(b"IEND", b""))
    )


def _chunk(tag: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(tag))
    return struct.pack(">I", len(data)), tag, data, struct.pack(">I", checksum)


def _decode_jpeg(data: bytes, settings: ImageSettings, sideways: bool) -> RGB | None:
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    _check_pixels(height, width, settings)
    if colours in ("CMYK", "YCCK"):
        return None
    least = (settings.width, settings.height) if sideways else (settings.height, settings.width)
    # Twice the size: what the filter then sees is as good as the whole image.
    try:
        image: RGB = simplejpeg.decode_jpeg(
            data, min_height=_MARGIN * least[0], min_width=_MARGIN * least[1]
        )
    except ValueError:
        return None
    return image


def _decode_any(data: bytes, settings: ImageSettings) -> RGB:
    # Pillow's plugins raise nearly anything on bytes that are not what they seem.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _own_limit(), Image.open(BytesIO(data), formats=_FORMATS) as image:
                _check_pixels(image.height, image.width, settings)
                return _to_rgb(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError("decode", "not an image in a known format") from None
    except Exception as error:
        reason = " ".join(str(error).split()) or "no reason given"
        raise ImageError("decode", f"{type(error).__name__}: {reason}") from None


@contextmanager
def _own_limit() -> Iterator[None]:
    """Puts ``max_pixels`` in the place of Pillow's own limit, which it keeps in a global."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _to_rgb(image: Image.Image) -> RGB:
    if image.mode.startswith("I;16"):
        return _grey_to_rgb(np.asarray(image).astype(np.float64) / 257)
    if image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image).astype(np.float64))
        if image.mode == "I":
            return _grey_to_rgb(values / 257 if values.max() > 255 else values)
        return _grey_to_rgb(values * 255 if values.min() >= 0 and values.max() <= 1 else values)
    if image.has_transparency_data:
        over = image.convert("RGBA")
        under = Image.new("RGBA", over.size, "white")
        return np.asarray(Image.alpha_composite(under, over).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def _grey_to_rgb(grey: npt.NDArray[np.float64]) -> RGB:
    level = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return np.repeat(level[:, :, None], 3, axis=2)


def _check_pixels(height: int, width: int, settings: ImageSettings) -> None:
    if height * width > settings.max_pixels:
        raise ImageError(
            "decode", f"{width}x{height} pixels are more than max_pixels = {settings.max_pixels}"
        )


def _exif_orientation(data: bytes) -> int:
    block = _exif_block(data)
    if block is None:
        return 1
    exif = Image.Exif()
    try:
        exif.load(block)
        orientation = exif.get(_ORIENTATION_TAG, 1)
    except Exception:  # a broken tag says nothing of the pixels
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _exif_block(data: bytes) -> bytes | None:
    """The EXIF segment among those before a JPEG's pixels."""
    place = 2
    while data[place : place + 1] == b"\xff" and place + 4 <= len(data):
        marker = data[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            break
        (size,) = struct.unpack_from(">H", data, place + 2)
        block = data[place + 4 : place + 2 + size]
        if marker == _APP1 and block.startswith(_EXIF_START):
            return block
        place += 2 + size
    return None


def _resize(image: RGB, height: int, width: int) -> RGB:
    if image.shape[:2] == (height, width):
        return image
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def _upright(image: RGB, orientation: int) -> RGB:
    """Undoes an EXIF orientation, 1 to 8: transposed first, then flipped."""
    if orientation in _SIDEWAYS:
        image = image.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)

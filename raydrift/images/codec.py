"""Image bytes to RGB pixels, and back to PNG.

What becomes of the less usual images: EXIF orientation is applied, unless the EXIF is broken.
Transparent pixels are laid over white. Of an animation or a multi-page file the first frame is
taken. Samples of more than 8 bits, with a sign or with a point are drawn in the range of values
that the settings give, else in the one that their kind promises: 16-bit grey is divided by 257,
floats are taken as 0 to 1. CMYK is converted by Pillow's formula. Colour profiles are not applied.
A truncated file is rejected, never half used.
"""

import re
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

import cv2
import numpy as np
import simplejpeg
from isal import isal_zlib
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile

from raydrift.errors import ImageError
from raydrift.images import tiff
from raydrift.images.decoded import RGB as RGB
from raydrift.images.decoded import Decoded
from raydrift.images.deep import deep_image
from raydrift.images.photometric import Drawn, draw
from raydrift.images.resize import resize, resize_image
from raydrift.settings import ImageSettings

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

_HEIC_START: Final = re.compile(rb"....ftyp(hei[cmsx]|hev[cx]|mif1|msf1)", re.DOTALL)
_CODESTREAM_START: Final = b"\xff\x4f\xff\x51"
_CODESTREAM_END: Final = b"\xff\xd9"
_NUMBER: Final = re.compile(r"\d+")

_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_FILTER_UP: Final = 2


def decode(data: bytes, settings: ImageSettings) -> RGB:
    """Decodes an image file as ``decode_image``; returns its pixels alone."""
    return decode_image(data, settings).pixels


def decode_image(data: bytes, settings: ImageSettings) -> Decoded:
    """Decodes an image file, turns it upright and resizes it.

    The size is changed as torchvision's ``Resize`` does it, by an antialiased bilinear filter. A
    JPEG is first decoded at the smallest of libjpeg's scales that is at least twice the wanted
    size. Everything else, and a JPEG that libjpeg complains of, is Pillow's to judge.

    Args:
        data: The file's content.
        settings: The wanted size and the limits.

    Returns:
        The pixels, of shape (settings.height, settings.width, 3), and remarks on them.

    Raises:
        ImageError: The file is not a whole image that can be used.
    """
    if not data:
        raise ImageError("decode", "the file is empty")
    if tiff.is_tiff(data) and (decoded := _decode_tiff(data, settings)) is not None:
        return decoded
    image = _decode_jpeg(data, settings) if data.startswith(_JPEG_START) else None
    return _decode_any(data, settings) if image is None else Decoded(image)


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


def _decode_jpeg(data: bytes, settings: ImageSettings) -> RGB | None:
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    _check_pixels(height * width, settings)
    if colours in ("CMYK", "YCCK"):
        return None
    orientation = _orientation(lambda: _exif(data))
    least_height, least_width = _lying(settings, orientation)
    # Twice the size: what the filter then sees is as good as the whole image.
    try:
        pixels = simplejpeg.decode_jpeg(
            data, min_height=_MARGIN * least_height, min_width=_MARGIN * least_width
        )
    except ValueError:
        return None
    return _upright(resize(pixels, *_lying(settings, orientation)), orientation)


def _decode_tiff(data: bytes, settings: ImageSettings) -> Decoded | None:
    """Decodes a TIFF; None: Pillow reads it as well, or tells better what is wrong with it."""
    try:
        with tiff.opened(BytesIO(data)) as page:
            if page is None or tiff.is_plain(data, page):
                return None
            _check_pixels(tiff.size_of(page), settings)
            image = tiff.read(data, page)
        drawn = draw(image, settings)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError("decode", "decoding it takes more memory than there is") from None
    except Exception as error:
        raise ImageError("decode", _in_a_line(error)) from None
    return _finished(drawn, image.orientation, settings)


def _finished(drawn: Drawn, orientation: int, settings: ImageSettings) -> Decoded:
    """An image of deep samples at its size, upright."""
    resized = resize_image(Image.fromarray(drawn.levels), *_lying(settings, orientation))
    if resized.ndim == 2:
        resized = cv2.cvtColor(resized, cv2.COLOR_GRAY2RGB)
    return Decoded(_upright(resized, orientation), drawn.remarks, drawn.values)


def _in_a_line(error: Exception) -> str:
    reason = " ".join(str(error).split()) or "no reason given"
    return f"{type(error).__name__}: {reason}"


def _decode_any(data: bytes, settings: ImageSettings) -> Decoded:
    # Pillow's plugins raise nearly anything on bytes that are not what they seem.
    try:
        with warnings.catch_warnings(), _pillows_limit(settings.max_pixels):
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=_FORMATS) as image:
                _check_pixels(_largest(image), settings)
                _check_end(image, data)
                if (deep := deep_image(image, data)) is not None:
                    orientation = _orientation(image.getexif)
                    return _finished(draw(deep, settings), orientation, settings)
                rgb = _as_rgb(image)
                orientation = _orientation(image.getexif)
                resized = resize_image(rgb, *_lying(settings, orientation))
                if resized.ndim == 2:
                    resized = cv2.cvtColor(resized, cv2.COLOR_GRAY2RGB)
                return Decoded(_upright(resized, orientation))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError("decode", _unknown(data)) from None
    except Image.DecompressionBombError as error:
        raise _too_large(_NUMBER.findall(str(error))[0], settings) from None
    except Exception as error:
        raise ImageError("decode", _in_a_line(error)) from None


@contextmanager
def _pillows_limit(pixels: int) -> Iterator[None]:
    """Has Pillow refuse images of more pixels, those inside icons and tiles too.

    It keeps its limit in a global, and refuses at twice that.
    """
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = (pixels + 1) // 2
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _largest(image: Image.Image) -> int:
    """The pixels of the image, or of a TIFF's tile: it is decoded whole, however small the rest."""
    tile = 0
    if isinstance(image, TiffImageFile):
        tile = image.tag_v2.get(TILEWIDTH, 0) * image.tag_v2.get(TILELENGTH, 0)
    return max(image.height * image.width, tile)


def _check_pixels(pixels: int, settings: ImageSettings) -> None:
    if pixels > settings.max_pixels:
        raise _too_large(pixels, settings)


def _too_large(pixels: int | str, settings: ImageSettings) -> ImageError:
    return ImageError("decode", f"{pixels} pixels are more than max_pixels = {settings.max_pixels}")


def _check_end(image: Image.Image, data: bytes) -> None:
    """Refuses what Pillow takes: a JPEG 2000 file without its end."""
    if image.format == "JPEG2000":
        start = data.find(_CODESTREAM_START)
        if data.find(_CODESTREAM_END, start) < 0:
            raise ImageError("decode", "the file is cut off")


def _unknown(data: bytes) -> str:
    if _HEIC_START.match(data):
        return "HEIC images cannot be decoded here: convert them to JPEG"
    return "not an image in a known format"


def _as_rgb(image: Image.Image) -> Image.Image:
    """The image in RGB, or in 8-bit grey: that is resized alike in a third of the memory."""
    image.load()
    if image.has_transparency_data:
        over = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", over.size, "white")
        white.paste(over, mask=over)
        return white
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _lying(settings: ImageSettings, orientation: int) -> tuple[int, int]:
    """Height and width that are wanted, before the image is turned upright."""
    if orientation in _SIDEWAYS:
        return settings.width, settings.height
    return settings.height, settings.width


def _orientation(exif: Callable[[], Image.Exif]) -> int:
    """An image's EXIF orientation, 1 to 8."""
    try:
        orientation = exif().get(_ORIENTATION_TAG, 1)
    except Exception:  # broken EXIF says nothing of the pixels
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _exif(data: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(_exif_block(data))
    return exif


def _exif_block(data: bytes) -> bytes:
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
    return b""


def _upright(image: RGB, orientation: int) -> RGB:
    """Undoes an EXIF orientation, 1 to 8: transposed first, then flipped."""
    if orientation in _SIDEWAYS:
        image = image.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)

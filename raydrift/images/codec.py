"""Image bytes to RGB pixels, and back to PNG.

What becomes of the less usual images: the orientation that EXIF gives is applied, or the one in XMP
where EXIF gives none; broken ones are not believed. Transparent pixels are laid over white. Of an
animation or a multi-page file the first frame is taken. 16-bit grey is divided by 257; float pixels
are taken as 0 to 1 if none lies outside, else as 0 to 255. CMYK is converted by Pillow's formula.
Colour profiles are applied where ``ImageSettings.profile`` says so. A file that has lost data is
rejected, never half used.
"""

import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from isal import isal_zlib
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile

from raydrift.errors import ImageError
from raydrift.images.decoded import RGB as RGB
from raydrift.images.decoded import Decoded
from raydrift.images.jpeg import JPEG_START, bare, decode_scaled
from raydrift.images.jpeg_segments import read_header
from raydrift.images.limits import bytes_a_pixel, check_memory, check_pixels, too_many_pixels
from raydrift.images.metadata import Metadata, of_image, of_jpeg, of_png
from raydrift.images.orientation import lying, upright
from raydrift.images.png import PNG_START, take_apart
from raydrift.images.profiles import converts, managed
from raydrift.images.raw import camera_raw
from raydrift.images.resize import resize, resize_image
from raydrift.settings import ImageSettings

# Pillow's other formats are no photographs, and one of them starts a PostScript interpreter.
_FORMATS: Final = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP",
)  # fmt: skip

_HEIC_START: Final = re.compile(rb"....ftyp(hei[cmsx]|hev[cx]|mif1|msf1)", re.DOTALL)
_CODESTREAM_START: Final = b"\xff\x4f\xff\x51"
_CODESTREAM_END: Final = b"\xff\xd9"
_NUMBER: Final = re.compile(r"\d+")

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
    try:
        image = _decode_jpeg(data, settings) if data.startswith(JPEG_START) else None
        return _decode_any(data, settings) if image is None else image
    except MemoryError:
        raise ImageError("decode", "decoding it takes more memory than there is") from None


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
        (PNG_START, *_chunk(b"IHDR", header), *_chunk(b"IDAT", body), *_chunk(b"IEND", b""))
    )


def _chunk(tag: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(tag))
    return struct.pack(">I", len(data)), tag, data, struct.pack(">I", checksum)


def _decode_jpeg(data: bytes, settings: ImageSettings) -> Decoded | None:
    header = read_header(data)
    metadata = of_jpeg(header)
    orientation = metadata.orientation
    pixels = decode_scaled(data, header, lying(settings, orientation), settings)
    if pixels is None:
        return None
    image = upright(resize(pixels, *lying(settings, orientation)), orientation)
    return managed(image, metadata.profile, settings)


def _decode_any(data: bytes, settings: ImageSettings) -> Decoded:
    if name := camera_raw(data):
        raise ImageError(
            "decode", f"a camera's raw file ({name}): develop it to JPEG or TIFF first"
        )
    metadata, file = None, data
    if data.startswith(PNG_START):
        parts = take_apart(data)
        metadata, file = of_png(parts), parts.pixels
    elif data.startswith(JPEG_START):
        header = read_header(data)
        metadata = of_jpeg(header)
        if not data.startswith(JPEG_START + b"\xff"):  # something is in between, Pillow stumbles
            file = bare(data, header)
    # Pillow's plugins raise nearly anything on bytes that are not what they seem.
    try:
        with warnings.catch_warnings(), _pillows_limit(settings.max_pixels):
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(file), formats=_FORMATS) as image:
                pixels = _largest(image)
                check_pixels(pixels, settings)
                copies = len(data) if file is data else len(data) + len(file)
                check_memory(copies + pixels * bytes_a_pixel(image), settings)
                _check_end(image, data)
                return _finished(image, metadata or of_image(image, data), settings)
    except (ImageError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise ImageError("decode", _unknown(data)) from None
    except Image.DecompressionBombError as error:
        raise too_many_pixels(_NUMBER.findall(str(error))[0], settings) from None
    except Exception as error:
        reason = " ".join(str(error).split()) or "no reason given"
        raise ImageError("decode", f"{type(error).__name__}: {reason}") from None


def _finished(image: Image.Image, metadata: Metadata, settings: ImageSettings) -> Decoded:
    """An image that Pillow opened, at its size, upright and in its colours."""
    image.load()  # which turns a TIFF upright, and takes its orientation away
    inks, orientation = image.mode == "CMYK", metadata.orientation
    size = lying(settings, orientation)
    if inks and converts(metadata.profile, image.mode, settings):
        resized = np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))
    else:
        resized = resize_image(_as_rgb(image), *size)
    if resized.ndim == 2:
        resized = cv2.cvtColor(resized, cv2.COLOR_GRAY2RGB)
    return managed(upright(resized, orientation), metadata.profile, settings, inks)


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
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_grey_levels(image))
    if image.has_transparency_data:
        over = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", over.size, "white")
        white.paste(over, mask=over)
        return white
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _grey_levels(image: Image.Image) -> npt.NDArray[np.uint8]:
    values = np.nan_to_num(np.array(image, np.float32), copy=False)
    if image.mode == "F":
        scale = 255.0 if values.min() >= 0 and values.max() <= 1 else 1.0
    else:
        deep = image.mode != "I" or image.format == "PPM" or values.max() > 255
        scale = 1 / 257 if deep else 1.0
    values *= scale
    np.clip(np.rint(values, out=values), 0, 255, out=values)
    return values.astype(np.uint8)

"""Image bytes to RGB pixels, and back to PNG.

What becomes of the less usual images: the orientation that EXIF gives is applied, or the one in XMP
where EXIF gives none; broken ones are not believed. Transparent pixels are laid over white. Of an
animation or a multi-page file the first frame is taken. Samples of more than 8 bits, with a sign or
with a point are drawn in the range of values that the settings give, else in the one that their
kind promises: 16-bit grey is divided by 257, floats are taken as 0 to 1. CMYK is converted by
Pillow's formula. Colour profiles are applied where the settings say so. A file that has lost data
is rejected, never half used.
"""

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Final

import cv2
import numpy as np
from isal import isal_zlib
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile

from raydrift.errors import ImageError
from raydrift.images import tiff
from raydrift.images.decoded import RGB as RGB
from raydrift.images.decoded import Decoded
from raydrift.images.deep import HEADER, deep_image, sample_bits
from raydrift.images.jpeg import JPEG_START, bare, decode_scaled
from raydrift.images.jpeg_segments import read_header
from raydrift.images.limits import bytes_a_pixel, check_memory, check_pixels, too_many_pixels
from raydrift.images.metadata import Metadata, of_image, of_jpeg, of_png
from raydrift.images.orientation import lying, upright
from raydrift.images.photometric import Drawn, draw
from raydrift.images.png import PNG_START, check_rows, take_apart
from raydrift.images.profiles import converts, managed
from raydrift.images.quiet import quiet
from raydrift.images.raw import camera_raw
from raydrift.images.reasons import reason_of
from raydrift.images.resize import resize, resize_image
from raydrift.settings.image import ImageSettings

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
        decoded = None
        if data.startswith(JPEG_START):
            decoded = _decode_jpeg(data, settings)
        elif tiff.is_tiff(data):
            decoded = _decode_tiff(data, settings)
        return _decode_any(data, settings) if decoded is None else decoded
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
    said = of_jpeg(header)
    size = lying(settings, said.orientation)
    pixels = decode_scaled(data, header, size, settings)
    if pixels is None:
        return None
    return managed(upright(resize(pixels, *size), said.orientation), said.profile, settings)


def _decode_tiff(data: bytes, settings: ImageSettings) -> Decoded | None:
    """Decodes a TIFF; None: Pillow reads it as well, or tells better what is wrong with it."""
    try:
        with tiff.opened(BytesIO(data)) as page:
            if page is None or tiff.is_plain(data, page):
                return None
            check_pixels(tiff.size_of(page), settings)
            check_memory(len(data) + tiff.memory_of(page), settings)
            image = tiff.read(data, page)
        drawn = draw(image, settings)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError("decode", "decoding it takes more memory than there is") from None
    except Exception as error:
        raise ImageError("decode", reason_of(error)) from None
    profile = image.profile if image.colours not in ("cielab", "icclab") else None  # it is applied
    return _of_samples(
        drawn, Metadata(image.orientation, profile), settings, image.colours == "cmyk"
    )


def _decode_any(data: bytes, settings: ImageSettings) -> Decoded:
    if name := camera_raw(data):
        raise ImageError(
            "decode", f"a camera's raw file ({name}): develop it to JPEG or TIFF first"
        )
    said, file = None, data
    if data.startswith(PNG_START):
        parts = take_apart(data)
        said, file = of_png(parts), parts.pixels
    elif data.startswith(JPEG_START):
        header = read_header(data)
        said = of_jpeg(header)
        if not data.startswith(JPEG_START + b"\xff"):  # something is in between, Pillow stumbles
            file = bare(data, header)
    # Pillow's plugins raise nearly anything on bytes that are not what they seem.
    try:
        with (
            quiet(),
            _pillows_limit(settings.max_pixels),
            Image.open(BytesIO(file), formats=_FORMATS) as image,
        ):
            if image.mode == "P" and image.palette is None:
                raise ImageError("decode", "its palette is missing")
            pixels = _largest(image)
            check_pixels(pixels, settings)
            copies = len(data) if file is data else len(data) + len(file)
            bits = sample_bits(file[:HEADER])
            check_memory(copies + pixels * bytes_a_pixel(image, bits), settings)
            _check_end(image, data)
            if (deep := deep_image(image, file)) is not None:
                drawn = draw(deep, settings)
                del deep
                return _of_samples(drawn, said or of_image(image, data), settings)
            image.load()  # which turns a TIFF upright, and takes its orientation away
            if image.format == "PNG" and _ends_in_zeros(image):
                check_rows(file)
            said = said or of_image(image, data)
            inks = image.mode == "CMYK"
            kept = inks and converts(said.profile, settings)
            return _finished(image if kept else _as_rgb(image), said, settings, inks)
    except (ImageError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise ImageError("decode", _unknown(data)) from None
    except Image.DecompressionBombError as error:
        raise too_many_pixels(_NUMBER.findall(str(error))[0], settings) from None
    except Exception as error:
        raise ImageError("decode", reason_of(error)) from None


def _of_samples(
    drawn: Drawn, said: Metadata, settings: ImageSettings, inks: bool = False
) -> Decoded:
    image = Image.fromarray(drawn.levels, "CMYK" if drawn.levels.shape[2:] == (4,) else None)
    decoded = _finished(image, said, settings, inks)
    return replace(decoded, remarks=drawn.remarks + decoded.remarks, values=drawn.values)


def _finished(
    image: Image.Image, said: Metadata, settings: ImageSettings, inks: bool = False
) -> Decoded:
    """An image at its size, upright and in its colours.

    Args:
        image: In grey, RGB or, where its profile converts that, CMYK.
        said: What its file says.
        settings: The wanted size.
        inks: Whether the file stores CMYK.
    """
    size = lying(settings, said.orientation)
    if image.mode == "CMYK":
        pixels = np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))
    else:
        pixels = resize_image(image, *size)
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    return managed(upright(pixels, said.orientation), said.profile, settings, inks)


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


def _ends_in_zeros(image: Image.Image) -> bool:
    """Whether one of the last two rows has no values: of an interlaced one the last may have."""
    end = np.asarray(image.crop((0, max(0, image.height - 2), image.width, image.height)))
    return not end.reshape(len(end), -1).any(axis=1).all()


def _as_rgb(image: Image.Image) -> Image.Image:
    """The image in RGB, or in 8-bit grey: that is resized alike in a third of the memory."""
    image.load()
    if image.has_transparency_data:
        over = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", over.size, "white")
        white.paste(over, mask=over)
        return white
    return image if image.mode in ("L", "RGB") else image.convert("RGB")

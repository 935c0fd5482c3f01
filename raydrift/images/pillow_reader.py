"""Image files of any format that Pillow reads, to decoded images."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.deep import HEADER, deep_image, sample_bits
from raydrift.images.finish import finished, finished_drawn
from raydrift.images.jpeg import JPEG_START, bare
from raydrift.images.jpeg_segments import read_header
from raydrift.images.limits import bytes_a_pixel, check_memory, check_pixels, too_many_pixels
from raydrift.images.metadata import of_image, of_jpeg, of_png
from raydrift.images.photometric import draw
from raydrift.images.png import PNG_START, check_rows, take_apart
from raydrift.images.profiles import converts
from raydrift.images.quiet import quiet
from raydrift.images.reasons import reason_of
from raydrift.settings.image import ImageSettings

# Pillow's other formats are no photographs, and one of them starts a PostScript interpreter.
_FORMATS: Final = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP",
)  # fmt: skip

_CODESTREAM_START: Final = b"\xff\x4f\xff\x51"
_CODESTREAM_END: Final = b"\xff\xd9"
_NUMBER: Final = re.compile(r"\d+")


def read_by_pillow(data: bytes, settings: ImageSettings) -> Decoded | None:
    """Decodes what Pillow reads; None: it knows no such format."""
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
                return finished_drawn(drawn, said or of_image(image, data), settings)
            image.load()  # which turns a TIFF upright, and takes its orientation away
            if image.format == "PNG" and _ends_in_zeros(image):
                check_rows(file)
            said = said or of_image(image, data)
            inks = image.mode == "CMYK"
            kept = inks and converts(said.profile, settings)
            return finished(image if kept else _as_rgb(image), said, settings, inks)
    except (ImageError, MemoryError):
        raise
    except UnidentifiedImageError:
        return None
    except Image.DecompressionBombError as error:
        raise too_many_pixels(_NUMBER.findall(str(error))[0], settings) from None
    except Exception as error:
        raise ImageError("decode", reason_of(error)) from None


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

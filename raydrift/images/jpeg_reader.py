"""JPEG files to decoded images, by libjpeg."""

from dataclasses import replace

from raydrift.images.decoded import Decoded
from raydrift.images.jpeg import JPEG_START, decode_scaled
from raydrift.images.jpeg_segments import read_header
from raydrift.images.metadata import of_jpeg
from raydrift.images.orientation import lying, upright, upright_size
from raydrift.images.profiles import managed
from raydrift.images.resize import resize
from raydrift.settings.image import ImageSettings


def is_jpeg(data: bytes) -> bool:
    """Whether a file starts as a JPEG."""
    return data.startswith(JPEG_START)


def read_jpeg(data: bytes, settings: ImageSettings) -> Decoded | None:
    """Decodes a JPEG at a scale; None: it is one for Pillow, as in CMYK."""
    header = read_header(data)
    said = of_jpeg(header)
    size = lying(settings, said.orientation)
    pixels = decode_scaled(data, header, size, settings)
    if pixels is None:
        return None
    pixels = upright(resize(pixels, *size), said.orientation)
    decoded = managed(pixels, said.profile, settings)
    if header.frame is None:
        return decoded
    height, width = header.frame.height, header.frame.width
    return replace(decoded, size=upright_size(height, width, said.orientation))

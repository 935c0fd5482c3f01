"""Images of more than 8 bits a sample in other formats than TIFF, and which files have them."""

import re
from typing import IO, Any, Final

import numpy as np
from PIL import Image

from raydrift.images import tiff
from raydrift.images.sampled import SampledImage
from raydrift.images.tiff_colours import kind_of
from raydrift.images.value_range import bits_of

HEADER: Final = 256
"""Bytes of a file's start that ``sample_bits`` looks at."""

_FLOAT_MAP: Final = re.compile(rb"P[Ff]\s")
_BITS: Final = (
    re.compile(rb"\x89PNG\r\n\x1a\n.{16}(.)", re.DOTALL),
    re.compile(rb"\0\0\0\x0cjP  .{,200}ihdr.{10}(.)", re.DOTALL),
    re.compile(rb"\xff\x4f\xff\x51.{38}(.)", re.DOTALL),
)
"""Where PNG and JPEG 2000 say how many bits a sample has; the latter count from 0."""

_GREY_MAP: Final = re.compile(rb"P[56]\s+(?:#[^\n]*\n\s*)*\d+\s+(?:#[^\n]*\n\s*)*\d+\s+(\d+)\s")


def sample_bits(start: bytes) -> int | None:
    """How many bits the unsigned samples of a PNG, PNM or JPEG 2000 file have; None: of another.

    Args:
        start: The start of the file, ``HEADER`` bytes.
    """
    for number, bits in enumerate(_BITS):
        if found := bits.match(start):
            return found[1][0] if number == 0 else (found[1][0] & 0x7F) + 1
    if found := _GREY_MAP.match(start):
        return int(found[1]).bit_length()
    return None


def is_deep_file(file: IO[bytes]) -> bool:
    """Whether the samples of a file have 16 bits or more, a sign or a point.

    Those of 9 to 15 bits are not among them: they span what their bits do.

    Args:
        file: To be read and sought in; little of it is read.
    """
    start = file.read(HEADER)
    if tiff.is_tiff(start):
        file.seek(0)
        with tiff.opened(file) as page:
            name, bits = bits_of(kind_of(page)) if page is not None else ("uint", 8)
            return name != "uint" or bits >= 16
    return _FLOAT_MAP.match(start) is not None or sample_bits(start) == 16


def deep_image(image: Image.Image, data: bytes) -> SampledImage | None:
    """The samples of an image that Pillow opened; None: they have no more than 8 bits.

    Args:
        image: Opened; of colours of 16 bits Pillow would take the upper 8.
        data: The file's content.
    """
    bits = sample_bits(data[:HEADER])
    clear = "transparency" in image.info
    if image.format == "PNG" and bits == 16 and (clear or image.mode in ("RGB", "RGBA", "LA")):
        from imagecodecs import png_decode

        samples: Any = png_decode(data)  # a transparent colour becomes a band of alpha
        colours = "grey" if samples.shape[2] == 2 else "rgb"
        return SampledImage(samples, "uint16", colours, alpha=samples.shape[2] in (2, 4))
    if image.mode == "F":
        return SampledImage(np.array(image)[:, :, None], "float32", "grey")
    if image.mode.startswith("I"):  # where Pillow stretches fewer bits to 16
        samples = np.array(image).astype(np.uint16)[:, :, None]
        return SampledImage(samples, "uint16", "grey", spans_bits=bits not in (16, None))
    return None

"""TIFF files: what their tags say, and the samples of their first image.

Pillow reads the plain ones, of up to 8 bits a sample, and is asked first for those. All others are
read here as their tags say: bits, sign and kind of the samples, planes, bands, colours, alpha.
Tags and layout are tifffile's work, compressions are imagecodecs'.
"""

import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from math import prod
from typing import IO, TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from raydrift.errors import ImageError
from raydrift.images.quiet import quiet
from raydrift.images.refused import camera_raw
from raydrift.images.sampled import SampledImage
from raydrift.images.tiff_colours import (
    IN_JPEG,
    PREMULTIPLIED,
    Photometric,
    bands_of,
    colours_of,
    is_mixed_up_by_jpeg,
    kind_of,
    palette_of,
    unread,
)

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RAW_STARTS: Final = {b"IIRO": "ORF", b"IIRS": "ORF", b"MMOR": "ORF", b"IIU\0": "RW2"}

_PLANAR: Final = (1, 2)  # bands side by side, or each in a plane of its own
_OF_CAMERAS: Final = (32803, 34892)  # a colour filter array, and raw values without one

# Compressions and bands that Pillow has: from none and those of fax to Zstandard.
_PILLOWS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32809, 32946, 34925, 50000)
_PILLOWS_BANDS: Final = 4
_PILLOWS_COLOURS: Final = tuple(
    one for one in Photometric if one not in (Photometric.CIELAB, Photometric.ICCLAB)
)
_RAW_COMPRESSIONS: Final = (32767, 32769, 32770, 34713, 34892, 65535)
_DNG_VERSION: Final = 50706
_RAW_TAGS: Final = (_DNG_VERSION, 33422, 50717)  # the filter array's pattern, the white level
_CR2: Final = b"CR"
_CR2_PLACE: Final = 8
_MAKERS: Final = {"nikon": "NEF", "canon": "CR2", "sony": "ARW", "pentax": "PEF", "samsung": "SRW"}

# What decodes these gives no more than it is asked for.
_BOUNDED: Final = (1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 50000)
_LERC: Final = 34887
_LERC_PARAMETERS: Final = 50674
_LERC_START: Final = struct.Struct("<6si4xIII")  # name, version, rows, columns, values a pixel
_LERC_VERSION: Final = 4
# These are files of their own, which say how large they are: JPEG 2000, PNG and WebP.
_FILES: Final = {
    33003: "JPEG2000",
    33005: "JPEG2000",
    34712: "JPEG2000",
    34933: "PNG",
    50001: "WEBP",
}

# How samples are stored. Of a tag that it cannot read tifffile assumes the usual value.
_OF_THE_SAMPLES: Final = frozenset(
    (256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339)
)

_BYTES: Final = 24  # of a pixel, as many as three float64 have
_DRAWN: Final = 10  # bytes of a pixel as it becomes 8 bits
_DRAWN_IN_COLOURS: Final = 16  # where inks, Lab or alpha are on the way
_FURTHER: Final = 8  # images that are looked at for being a camera's


def is_tiff(data: bytes) -> bool:
    """Whether a file starts as a TIFF, a BigTIFF, or the raw file of a camera that is a TIFF."""
    return data[:4] in (*_STARTS, *_RAW_STARTS)


@contextmanager
def opened(source: IO[bytes]) -> Iterator["TiffPage | None"]:
    """The tags of a file's first image; None: it has none that can be read.

    Raises:
        ImageError: It is a camera's raw file, or some of its tags cannot be read.
    """
    start = source.read(_CR2_PLACE + len(_CR2))
    if start[:4] in _RAW_STARTS:
        raise camera_raw(_RAW_STARTS[start[:4]])
    source.seek(0)
    with quiet(), ExitStack() as stack:
        try:
            file = stack.enter_context(_tiff_file(source))
            page = file.pages.first
        except Exception:  # tifffile's parser raises nearly anything
            yield None
            return
        if _lost_tags(source, file, page):
            raise _cut_off()
        if any(map(_is_raw, _pages(file, page))) or start[_CR2_PLACE:] == _CR2:
            raise camera_raw(_raw_name(page))
        if page.is_reduced:
            raise ImageError(
                "decode",
                "its first image is a thumbnail, as in a camera's raw file: "
                "read it with --raw, or develop it to JPEG or TIFF first",
            )
        yield page


def _lost_tags(source: IO[bytes], file: "TiffFile", page: "TiffPage") -> set[int]:
    """Which of the tags that say how samples are stored are there, but were not read."""
    layout = file.tiff
    source.seek(page.offset)
    (count,) = struct.unpack(layout.tagnoformat, source.read(layout.tagnosize))
    tags = source.read(count * layout.tagsize)
    starts = range(0, len(tags) - 1, layout.tagsize)
    codes = {struct.unpack_from(layout.byteorder + "H", tags, start)[0] for start in starts}
    return {code for code in codes & _OF_THE_SAMPLES if code not in page.tags}


def _tiff_file(source: IO[bytes]) -> "TiffFile":
    from tifffile import TiffFile

    return TiffFile(source)


def is_plain(data: bytes, page: "TiffPage") -> bool:
    """Whether Pillow reads it rightly: up to 8 bits, unsigned, of a layout that it knows."""
    bits, sign = page.bitspersample, page.sampleformat
    if bits not in (1, 2, 4, 8) or sign not in (1, 4) or page.photometric not in _PILLOWS_COLOURS:
        return False
    if page.compression not in _PILLOWS or page.samplesperpixel > _PILLOWS_BANDS:
        return False
    grey_and_alpha, planar = page.samplesperpixel == 2, page.planarconfig != 1
    odd = page.is_subsampled or (page.photometric == Photometric.YCBCR and planar)
    if is_mixed_up_by_jpeg(page) or (page.compression == 1 and odd):
        return False
    if (grey_and_alpha and planar) or (
        PREMULTIPLIED in page.extrasamples and (grey_and_alpha or planar)
    ):
        return False
    try:
        with quiet():
            Image.open(BytesIO(data), formats=("TIFF",)).close()
    except UnidentifiedImageError:
        return False
    except Exception:  # which it tells better when it is asked for the pixels
        return True
    return True


def size_of(page: "TiffPage") -> int:
    """Pixels that reading takes, as ``max_pixels`` counts them.

    A tile or strip is decoded whole, with all its bands, however small the rest is; large pixels
    count more than once.
    """
    height, width = page.imagelength, page.imagewidth
    tile = page.tilelength * page.tilewidth * page.tiledepth if page.is_tiled else 0
    bands = page.samplesperpixel if page.planarconfig == 1 else 1
    bits = page.bitspersample if isinstance(page.bitspersample, int) else 8
    whole = max(height * width, tile)
    return int(max(whole, -(-whole * bands * max(bits, 8) // (8 * _BYTES))))


def memory_of(page: "TiffPage") -> int:
    """Bytes that reading and drawing the first image takes, besides those of the file.

    Raises:
        ImageError: It is of a layout that is not read.
    """
    kind_of(page)
    colours = colours_of(page)
    bands, alpha = bands_of(page, colours)
    size = np.dtype(page._dtype).itemsize
    plain = colours in ("grey", "rgb") and alpha is None
    a_pixel = size * (len(bands) + (alpha is not None)) + (_DRAWN if plain else _DRAWN_IN_COLOURS)
    chunk = prod(page.chunks) * size + max(page.databytecounts, default=0)
    return int(page.imagelength * page.imagewidth * a_pixel + chunk)


def read(data: bytes, page: "TiffPage") -> SampledImage:
    """Reads the first image.

    Raises:
        ImageError: It is of a layout that is not read, which is named, or it is not whole.
    """
    kind, colours = kind_of(page), colours_of(page)
    bands, alpha = bands_of(page, colours)
    samples = _samples(data, page, bands if alpha is None else [*bands, alpha])
    extra = page.extrasamples[alpha - page.samplesperpixel] if alpha and page.extrasamples else 0
    orientation = page.tags.valueof(274)
    return SampledImage(
        samples,
        kind,
        "rgb" if colours == "grey" and len(bands) == 3 else colours,
        inverted=page.photometric == Photometric.WHITE_IS_ZERO,
        alpha=alpha is not None,
        premultiplied=extra == PREMULTIPLIED,
        palette=palette_of(page) if colours == "palette" else None,
        missing=_missing(page, samples.dtype),
        orientation=orientation if orientation in range(1, 9) else 1,
        profile=page.tags.valueof(34675),
    )


def _pages(file: "TiffFile", page: "TiffPage") -> "Iterator[TiffPage]":
    """The first image and some of those that belong to it or follow."""
    yield page
    for further, start in ((page.pages or (), 0), (file.pages, 1)):
        # Where what follows is broken, that is no fault of the first image.
        with suppress(Exception):
            for place in range(start, start + _FURTHER):
                yield cast("TiffPage", further[place])


def _is_raw(page: "TiffPage") -> bool:
    return bool(
        page.photometric in _OF_CAMERAS
        or page.compression in _RAW_COMPRESSIONS
        or any(tag in page.tags for tag in _RAW_TAGS)
    )


def _raw_name(page: "TiffPage") -> str:
    if _DNG_VERSION in page.tags:
        return "DNG"
    make = str(page.tags.valueof(271, "")).strip()
    return next((name for maker, name in _MAKERS.items() if maker in make.lower()), make or "TIFF")


def _samples(data: bytes, page: "TiffPage", bands: list[int]) -> npt.NDArray[Any]:
    """Some bands of the image, decoded strip by strip or tile by tile."""
    _, _, height, width, _ = page.shaped
    if page.planarconfig not in _PLANAR:  # where tiles would leave bands unwritten
        raise ImageError("decode", "the file is damaged: it does not say how its bands lie")
    samples = np.empty((height, width, len(bands)), page._dtype)
    in_planes, count = page.planarconfig != 1, prod(page.chunked)
    nothing = _missing(page, samples.dtype) or 0
    if page.compression not in (*_BOUNDED, IN_JPEG, _LERC, *_FILES):
        raise unread(f"compression {getattr(page.compression, 'name', page.compression)}")
    if not 0 < count == len(page.dataoffsets) == len(page.databytecounts):
        raise _cut_off()
    for index, (offset, size) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        if offset + size > len(data):
            raise _cut_off()
        if in_planes and index * page.samplesperpixel // count not in bands:
            continue
        content = data[offset : offset + size] if size else None  # left out of a sparse file
        if content and page.compression == _LERC:
            content = _inner_lerc(content, page)
        if content and not _fits(content, page):
            raise ImageError("decode", "a part of the image is larger than its place")
        block, (plane, depth, row, column, _), shape = page.decode(
            content, index, jpegtables=page.jpegtables, jpegheader=page.jpegheader
        )
        if depth:
            continue
        area = samples[row : row + shape[1], column : column + shape[2]]
        for place, band in enumerate(bands):
            if block is None:
                area[:, :, place] = nothing
            elif not in_planes or plane == band:
                part = block[0, : area.shape[0], : area.shape[1]]
                area[:, :, place] = part[:, :, 0 if in_planes else band]
    return samples


def _inner_lerc(content: bytes, page: "TiffPage") -> bytes:
    """LERC without the compression that may lie around it: deflate or Zstandard."""
    _, around = page.tags.valueof(_LERC_PARAMETERS, (4, 0))
    if around == 0:
        return content
    from imagecodecs import zlib_decode, zstd_decode

    # It is larger than the samples by some bytes a block, where they cannot be made smaller.
    most = 2 * prod(page.chunks) * np.dtype(page._dtype).itemsize + 2**16
    return bytes((zlib_decode if around == 1 else zstd_decode)(content, out=bytearray(most)))


def _fits(content: bytes, page: "TiffPage") -> bool:
    """Whether a compressed strip or tile is no larger than it may be, if it says so itself."""
    from tifffile.tifffile import jpeg_shape

    if page.compression == IN_JPEG:
        height, width = jpeg_shape(content)[1:3]
    elif page.compression == _LERC:
        start, version, height, width, depth = _LERC_START.unpack_from(content)
        if start != b"Lerc2 " or version < _LERC_VERSION:
            raise unread("an older LERC")
        if depth > page.samplesperpixel:
            return False
    elif page.compression in _FILES:
        with Image.open(BytesIO(content), formats=(_FILES[page.compression],)) as image:
            width, height = image.size
    else:
        return True
    wide, high = (page.tilewidth, page.tilelength) if page.is_tiled else (page.imagewidth, None)
    return bool(width <= wide and height <= (high or page.imagelength))


def _missing(page: "TiffPage", dtype: Any) -> float | None:
    """What GDAL's tag says stands for "no data", as it is in the samples."""
    text = page.tags.valueof(42113)
    try:
        value = float(str(text).strip("\0 ").replace(",", "."))
        with np.errstate(over="ignore"):
            found = np.dtype(dtype).type(value)
    except (ValueError, OverflowError):
        return None
    return float(found) if np.isfinite(found) else None


def _cut_off() -> ImageError:
    return ImageError("decode", "the file is cut off")

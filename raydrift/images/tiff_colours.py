"""What the samples of a TIFF mean, as its tags say: their kind, colours, alpha, palette."""

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import ImageError
from raydrift.images.reasons import shortened

if TYPE_CHECKING:
    from tifffile import TiffPage

IN_JPEG: Final = 7
"""The compression whose decoder may change the colours."""

PREMULTIPLIED: Final = 1
"""Alpha that the colours are multiplied by."""

_ALPHA: Final = (PREMULTIPLIED, 2)
_SIGNS: Final = {1: "uint", 2: "int", 3: "float", 4: "uint"}
_COMPLEX: Final = (5, 6)


class Photometric(IntEnum):
    """How a TIFF stores colours: those that are read."""

    WHITE_IS_ZERO = 0
    BLACK_IS_ZERO = 1
    RGB = 2
    PALETTE = 3
    MASK = 4
    CMYK = 5
    YCBCR = 6
    CIELAB = 8
    ICCLAB = 9


_GREY: Final = (Photometric.WHITE_IS_ZERO, Photometric.BLACK_IS_ZERO, Photometric.MASK)
_NAMES: Final[dict[int, str]] = {
    Photometric.RGB: "rgb",
    Photometric.PALETTE: "palette",
    Photometric.CMYK: "cmyk",
    Photometric.CIELAB: "cielab",
    Photometric.ICCLAB: "icclab",
}
_LEAST_BANDS: Final = {"rgb": 3, "palette": 1, "cmyk": 4, "cielab": 3, "icclab": 3}


def kind_of(page: "TiffPage") -> str:
    """The kind of its samples, as ``uint16``, ``int16`` or ``float32``.

    Raises:
        ImageError: They are of none that is read.
    """
    if page.sampleformat in _COMPLEX:
        raise unread("complex samples")
    bits, sign = page.bitspersample, page.sampleformat
    if not isinstance(bits, int) or not isinstance(sign, int) or page._dtype is None:
        raise unread(f"samples of {bits} bits, format {sign}")
    return f"{_SIGNS[int(sign)]}{bits}"


def colours_of(page: "TiffPage") -> str:
    """Its colours, as ``SampledImage`` names them.

    Raises:
        ImageError: They are of a kind that is not read.
    """
    photometric, bands = int(page.photometric), page.samplesperpixel
    if is_mixed_up_by_jpeg(page):
        raise _unread_colours(page, " in JPEG")
    if not bands:
        raise _unread_colours(page)
    if photometric in _GREY or (photometric == Photometric.RGB and bands < 3):
        return "grey"
    if photometric == Photometric.YCBCR and page.compression == IN_JPEG:
        return "rgb"  # as its decoder gives it
    name = _NAMES.get(photometric)
    if name == "cmyk" and page.tags.valueof(332, 1) != 1:
        raise unread("inks other than CMYK")
    if name is None or bands < _LEAST_BANDS[name]:
        raise _unread_colours(page)
    return name


def is_mixed_up_by_jpeg(page: "TiffPage") -> bool:
    """Whether it is a JPEG of colours that its decoder takes for others.

    Three bands side by side are YCbCr to it, whatever they are; other numbers of bands, and bands
    in planes of their own, are nothing of the kind, even where they are YCbCr.
    """
    if page.compression != IN_JPEG:
        return False
    if page.samplesperpixel == 3 and page.planarconfig == 1:
        return page.photometric not in (Photometric.RGB, Photometric.YCBCR)
    return bool(page.photometric == Photometric.YCBCR)


def bands_of(page: "TiffPage", colours: str) -> tuple[list[int], int | None]:
    """Which bands are the colours, and which one is alpha.

    Of images of many bands the first three are taken, as GDAL orders them.
    """
    bands, extras = page.samplesperpixel, page.extrasamples
    first = bands - len(extras)
    found = [first + place for place, extra in enumerate(extras) if extra in _ALPHA]
    if not extras and colours == "rgb" and bands == 4:
        found = [3]  # as Pillow has it
    alpha = found[0] if found and found[0] > 0 else None
    others = [band for band in range(bands) if band != alpha]
    if colours in ("grey", "palette"):
        count = 3 if colours == "grey" and len(others) >= 3 else 1
    else:
        count = 4 if colours == "cmyk" else 3
    return others[:count], alpha


def palette_of(page: "TiffPage") -> npt.NDArray[np.uint8]:
    """Its palette, of shape (colours, 3).

    Raises:
        ImageError: There is none.
    """
    table = page.colormap
    if table is None or table.ndim != 2 or len(table) != 3:
        raise unread("a palette without its colours")
    deep = table.max() > 255  # some writers give 8 bits
    return np.ascontiguousarray((table >> 8 if deep else table).T.astype(np.uint8))


def unread(what: str) -> ImageError:
    """The error that a TIFF is of a layout that is not read."""
    return ImageError("decode", f"a TIFF of {shortened(what)} is not read: convert it to 8-bit RGB")


def _unread_colours(page: "TiffPage", how: str = "") -> ImageError:
    told = getattr(page.photometric, "name", int(page.photometric))
    return unread(f"{page.samplesperpixel} bands of photometric interpretation {told}{how}")

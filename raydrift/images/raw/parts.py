"""Raw files that are TIFF: whether all that they say is in them is there, before LibRaw reads them.

LibRaw believes a file. Where a strip is missing it returns memory as it was, as pixels.
"""

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from raydrift.errors import ImageError
from raydrift.images.quiet import quiet

if TYPE_CHECKING:
    from tifffile import TiffPage

_TIFFS: Final = (b"II*\0", b"MM\0*")
_MOSAICS: Final = (32803, 34892)  # a colour filter array, and raw values without one
_CFA_PATTERN: Final = 33422
_LOSSLESS_JPEG: Final = 7
_JPEG_START: Final = b"\xff\xd8"
_PADDING: Final = 64  # bytes of zeros that no JPEG ends in
_PAGES: Final = 16
_MODEL_OF_DNG: Final = 50708


def check_parts(data: bytes) -> dict[str, Any]:
    """Makes sure that the strips and tiles of a file's mosaics lie in it.

    Args:
        data: The file's content. One that is no TIFF, or whose tags cannot be read, is LibRaw's to
            judge.

    Returns:
        ``make`` and ``model``, where its tags say them.

    Raises:
        ImageError: A part is missing, or is not compressed as the file says.
    """
    if data[:4] not in _TIFFS:
        return {}
    from tifffile import TiffFile

    named: dict[str, Any] = {}
    with quiet(), suppress(ImportError), BytesIO(data) as source:
        try:
            file = TiffFile(source)
        except Exception:  # tifffile's parser raises nearly anything
            return {}
        for page in _pages(file):
            for name, code in (("make", 271), ("model", 272), ("model", _MODEL_OF_DNG)):
                value = page.tags.valueof(code)
                if isinstance(value, str) and value.strip("\0 "):
                    named.setdefault(name, value.strip("\0 "))
            if page.photometric in _MOSAICS or _CFA_PATTERN in page.tags:
                _check_page(data, page)
    return named


def _pages(file: Any) -> Iterator["TiffPage"]:
    """Its images, and those inside them."""
    for place in range(_PAGES):
        page = None
        with suppress(Exception):  # broken ones are LibRaw's to judge
            page = file.pages[place]
        if page is None:
            return
        yield page
        with suppress(Exception):
            yield from islice(page.pages or (), _PAGES)


def _check_page(data: bytes, page: "TiffPage") -> None:
    if not page.dataoffsets:
        raise ImageError("decode", "the file says nothing of where its mosaic is")
    for offset, size in zip(page.dataoffsets, page.databytecounts, strict=False):
        if size == 0 or offset + size > len(data):
            raise ImageError("decode", "the file is cut off")
        in_jpeg = page.compression == _LOSSLESS_JPEG
        if in_jpeg and data[offset : offset + len(_JPEG_START)] != _JPEG_START:
            raise ImageError("decode", "a part of the mosaic is missing: it is no lossless JPEG")
        end = data[max(offset, offset + size - _PADDING) : offset + size]
        if in_jpeg and not any(end):
            raise ImageError("decode", "a part of the mosaic is missing: it ends in zeros")

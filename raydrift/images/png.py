"""PNG files: what of their chunks makes the pixels, and what says something of them.

Texts and profiles have no bearing on the pixels, however large or broken they are. Pillow looks at
all of them before it gives a pixel, so it is given the chunks of the pixels alone.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from raydrift.errors import ImageError

PNG_START: Final = b"\x89PNG\r\n\x1a\n"

_OF_THE_PIXELS: Final = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_XMP: Final = b"XML:com.adobe.xmp"
_EXIF_TEXT: Final = (b"Raw profile type exif", b"Raw profile type APP1")
_EXIF_TEXT_HEAD: Final = 3  # lines: none, the profile's name, its size
_LARGEST: Final = 2**24  # bytes of a text or profile that is looked at
_BLOCK: Final = 2**18

_HEADER: Final = 16  # where the content of IHDR begins
_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by the kind of its colours
_ADAM7: Final = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # fmt: skip
"""The passes of an interlaced image: first column and row, and the steps to the next."""


@dataclass(frozen=True)
class PngParts:
    """A PNG taken apart.

    Attributes:
        pixels: The PNG without what has no bearing on its pixels.
        exif: The EXIF block; empty: there is none.
        xmp: The XMP packet; empty: there is none.
        profile: The colour profile; None: there is none; empty: it cannot be read.
    """

    pixels: bytes
    exif: bytes = b""
    xmp: bytes = b""
    profile: bytes | None = None


def take_apart(data: bytes) -> PngParts:
    """Takes a PNG apart; of one that is cut off, what there is."""
    kept: list[memoryview] = []
    view = memoryview(data)
    exif, exif_text, xmp = b"", b"", b""
    profile: bytes | None = None
    begun = 0
    for tag, place, end in _chunks(data):
        if tag in _OF_THE_PIXELS:
            continue
        kept.append(view[begun:place])
        begun = end
        content = view[place + 8 : end - 4]
        whole = zlib.crc32(view[place + 4 : end - 4]) == struct.unpack_from(">I", data, end - 4)[0]
        if tag == b"iCCP":
            profile = _profile(bytes(content)) if whole else b""
        elif whole and tag == b"eXIf":
            exif = bytes(content)
        elif whole and tag in (b"tEXt", b"zTXt", b"iTXt"):
            keyword = bytes(content[:80]).split(b"\0")[0]
            if keyword == _XMP:
                xmp = xmp or _text(tag, bytes(content))
            elif keyword in _EXIF_TEXT:
                exif_text = _text(tag, bytes(content))
    if not begun:
        return PngParts(data)
    kept.append(view[begun:])
    return PngParts(b"".join(kept), exif or _from_hex(exif_text), xmp, profile)


def check_rows(data: bytes) -> None:
    """Makes sure that a PNG has all its rows; where some are missing, decoders leave them 0.

    This inflates the file once more: it is for images whose end looks like that.

    Raises:
        ImageError: It has fewer.
    """
    width, height, bits, colours, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, _HEADER)
    bits_a_pixel = bits * _SAMPLES.get(colours, 1)
    parts = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    wanted = 0
    for left, top, across, down in parts:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0:
            wanted += rows * (1 + -(-columns * bits_a_pixel // 8))  # each has a filter byte
    if _inflated_size(data, wanted) < wanted:
        raise ImageError("decode", "rows of the image are missing")


def _inflated_size(data: bytes, most: int) -> int:
    inflater, size = zlib.decompressobj(), 0
    for tag, place, end in _chunks(data):
        waiting = data[place + 8 : end - 4] if tag == b"IDAT" else b""
        while waiting and size < most and not inflater.eof:
            size += len(inflater.decompress(waiting, _BLOCK))
            waiting = inflater.unconsumed_tail
    return size


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Tag, start and end of each whole chunk, to the end of the image."""
    place = len(PNG_START)
    while place + 12 <= len(data):
        size, tag = struct.unpack_from(">I4s", data, place)
        end = place + 12 + size
        if end > len(data) or not tag.isalpha():
            return
        yield tag, place, end
        if tag == b"IEND":
            return
        place = end


def _text(tag: bytes, content: bytes) -> bytes:
    """The text of a tEXt, zTXt or iTXt chunk; empty where it cannot be read."""
    _, _, rest = content.partition(b"\0")
    if tag == b"tEXt":
        return rest
    if tag == b"zTXt":
        return _inflated(rest[1:])
    compressed, _, rest = rest[:1] == b"\1", rest[1:2], rest[2:]
    text = rest.split(b"\0", 2)[-1]  # after the language and the translated keyword
    return _inflated(text) if compressed else text


def _profile(content: bytes) -> bytes:
    _, _, rest = content.partition(b"\0")
    return _inflated(rest[1:])


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, _LARGEST)
    except zlib.error:
        return b""
    return text if inflater.eof else b""


def _from_hex(text: bytes) -> bytes:
    """An EXIF block as ImageMagick writes it into a text."""
    try:
        return bytes.fromhex("".join(text.decode("latin-1").split("\n")[_EXIF_TEXT_HEAD:]))
    except ValueError:
        return b""

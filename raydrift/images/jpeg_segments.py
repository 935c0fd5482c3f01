"""The segments of a JPEG file: what its header says, and which scans follow."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP: Final = b"http://ns.adobe.com/xmp/extension/\0"
_MORE_XMP_HEAD: Final = 32 + 4 + 4  # the digest of the whole, its size, the place of this piece
_PROFILE: Final = b"ICC_PROFILE\0"

_APP1: Final = 0xE1
_APP2: Final = 0xE2
_APP14: Final = 0xEE
_ADOBE: Final = re.compile(rb"Adobe.{6}[\0\1\2]", re.DOTALL)  # which colours are stored
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_TABLES: Final = (0xC4, 0xCC, 0xDB, 0xDD)  # Huffman, arithmetic, quantization, restart interval
_RESTART_INTERVAL: Final = 0xDD
_NOT_FRAMES: Final = (0xC4, 0xC8, 0xCC)
_ALONE: Final = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))  # markers without a length

# In a scan's data 0xff is followed by 0, and restart markers are part of it.
_SCAN_END: Final = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True)
class Frame:
    """What the frame header says.

    Attributes:
        marker: 0xC0 to 0xCF: how the pixels are coded.
        precision: Bits of a value.
        height: Pixels.
        width: Pixels.
        components: Each component's number, and how often it is sampled across and down.
    """

    marker: int
    precision: int
    height: int
    width: int
    components: tuple[tuple[int, int, int], ...]

    @property
    def progressive(self) -> bool:
        """Whether each pixel is spread over several scans."""
        return self.marker in (0xC2, 0xCA)

    @property
    def arithmetic(self) -> bool:
        """Whether it is coded arithmetically, instead of by Huffman's codes."""
        return self.marker in (0xC9, 0xCA)

    @property
    def units(self) -> int:
        """How many groups of blocks of all components there are, which are coded together."""
        if len(self.components) == 1:
            across = down = 1
        else:
            across = max((one[1] for one in self.components), default=1) or 1
            down = max((one[2] for one in self.components), default=1) or 1
        return -(-self.height // (8 * down)) * -(-self.width // (8 * across))

    @property
    def coefficient_bytes(self) -> int:
        """What all coefficients take, which libjpeg holds where there are several scans."""
        blocks = sum(one[1] * one[2] for one in self.components)
        return 2 * 64 * self.units * (blocks if len(self.components) > 1 else 1)


@dataclass
class JpegHeader:
    """What stands before a JPEG's pixels.

    Attributes:
        exif: The EXIF block; empty: there is none.
        xmp: The XMP packets, the one that does not fit into a segment put together again.
        profile: The colour profile; empty: there is none.
        frame: The frame header; None: there is none.
        tables: The segments that decode the pixels and their colours, and nothing else.
        restart_interval: Units between two restart markers; 0: there are none.
        scan: Where the first scan begins; the end of the data where there is none.
        scan_components: How many components that scan has.
    """

    exif: bytes = b""
    xmp: list[bytes] = field(default_factory=list)
    profile: bytes = b""
    frame: Frame | None = None
    tables: list[bytes] = field(default_factory=list)
    restart_interval: int = 0
    scan: int = 0
    scan_components: int = 0

    @property
    def several_scans(self) -> bool:
        """Whether the pixels need more than one scan."""
        frame = self.frame
        return frame is not None and (
            frame.progressive or self.scan_components < len(frame.components)
        )

    @property
    def restarts(self) -> int:
        """How many restart markers a scan of all components has."""
        if self.frame is None or not self.restart_interval:
            return 0
        return -(-self.frame.units // self.restart_interval) - 1


@dataclass(frozen=True)
class Scan:
    """One scan of a JPEG.

    Attributes:
        components: The numbers of its components.
        first: The first of the coefficients in it, 0 to 63.
        last: The last of them.
        low_bit: The lowest bit of the coefficients that it brings.
        start: Where its coded data begins.
        end: Where that ends, which is at the next marker.
    """

    components: bytes
    first: int
    last: int
    low_bit: int
    start: int
    end: int


def read_header(data: bytes) -> JpegHeader:
    """Reads the segments before the pixels; what is no segment is passed over, as libjpeg does."""
    header = JpegHeader(scan=len(data))
    profile: list[tuple[int, bytes]] = []
    more_xmp: list[tuple[int, bytes]] = []
    for marker, start, end in _segments(data, 2):
        if marker == _APP1:
            if data.startswith(_EXIF, start):
                header.exif = header.exif or data[start:end]
            elif data.startswith(_XMP, start):
                header.xmp.append(data[start + len(_XMP) : end])
            elif data.startswith(_MORE_XMP, start):
                piece = data[start + len(_MORE_XMP) : end]
                place = int.from_bytes(piece[_MORE_XMP_HEAD - 4 : _MORE_XMP_HEAD])
                more_xmp.append((place, piece[_MORE_XMP_HEAD:]))
        elif marker == _APP2:
            if data.startswith(_PROFILE, start):
                place = start + len(_PROFILE)
                profile.append((data[place] if place < end else 0, data[place + 2 : end]))
        elif marker == _START_OF_SCAN:
            header.scan = start - 4
            header.scan_components = data[start] if start < end else 0
        elif 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            header.frame = header.frame or _frame(marker, data[start:end])
            header.tables.append(data[start - 4 : end])
        elif marker in _TABLES or (marker == _APP14 and _ADOBE.match(data, start, end)):
            header.tables.append(data[start - 4 : end])
            if marker == _RESTART_INTERVAL:
                header.restart_interval = int.from_bytes(data[start:end])
    if more_xmp:
        header.xmp.append(b"".join(piece for _, piece in sorted(more_xmp)))
    header.profile = b"".join(piece for _, piece in sorted(profile))
    return header


def read_scans(data: bytes, first: int) -> Iterator[Scan]:
    """The scans of the picture, from the first one's place on."""
    end = first
    while True:
        last = next((one for one in _segments(data, end) if one[0] == _START_OF_SCAN), None)
        if last is None:
            return
        _, start, segment_end = last
        found = _SCAN_END.search(data, segment_end)
        end = found.start() if found else len(data)
        count = data[start] if start < segment_end else 0
        spectrum = data[start + 1 + 2 * count : segment_end]
        if len(spectrum) >= 3:
            components = data[start + 1 : start + 1 + 2 * count : 2]
            low_bit = spectrum[2] & 15
            yield Scan(components, spectrum[0], spectrum[1], low_bit, segment_end, end)


def _segments(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the content of each segment, to the first scan or the end.

    A segment that is cut off ends where the data ends.
    """
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 4 > len(data):
            return
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker in _ALONE:
            place += 2
            continue
        if marker == _END_OF_IMAGE:
            return
        end = min(place + 2 + int.from_bytes(data[place + 2 : place + 4]), len(data))
        yield marker, place + 4, end
        if marker == _START_OF_SCAN:
            return
        place = max(end, place + 4)


def _frame(marker: int, content: bytes) -> Frame | None:
    if len(content) < 6:
        return None
    precision, height, width, count = struct.unpack_from(">BHHB", content)
    components = tuple(
        (one[0], one[1] >> 4, one[1] & 15)
        for one in (content[6 + 3 * number : 9 + 3 * number] for number in range(count))
        if len(one) == 3
    )
    return Frame(marker, precision, height, width, components)

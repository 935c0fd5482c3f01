"""Where everything is in the zip, known from the ledger alone.

Entries are stored and their dates fixed, so a shard's room follows from how many members it has,
their bytes and the bytes of their names. Writers can fill the zip side by side, each its own part.
Whether the directory holds offsets of 64 bits is decided for all its entries at once, by the bytes
of all members: so its size is known beforehand too, and depends on nothing else.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow
from raydrift.storage.splitting import in_files, in_parts

PART_BYTES: Final = 64 * 2**20
"""What one writer fills at a time, about: whole shards."""

_MOST_PARTS: Final = 9_000  # as parts of an upload, of which S3 takes 10,000

HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
ENTRY: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
OFFSET_64: Final = struct.Struct("<HHQ")
END_64: Final = struct.Struct("<4sQHHIIQQQQ4sIQI")
END: Final = struct.Struct("<4sHHHHIIH")

_DOS_DATE: Final = (1 << 5) | 1  # 1 January 1980, the first day that a zip can name
_UTF8: Final = 0x0800
_UNIX: Final = 3 << 8
_REGULAR_FILE: Final = 0o100644 << 16
_VERSION: Final = 20
_VERSION_64: Final = 45
_FULL_16: Final = 0xFFFF
FULL_32: Final = 0xFFFFFFFF


@dataclass(frozen=True)
class ZipPart:
    """The part of a zip that one writer fills: the members of some shards.

    Attributes:
        number: Its place among the parts, from 0.
        rows: Its shards.
        offset: Where its first byte lies in the zip.
        size: Its bytes.
        zip64: Whether its entries in the directory hold offsets of 64 bits.
        column: Which PNGs of the shards are the members: the images, or the masks.
    """

    number: int
    rows: tuple[LedgerRow, ...]
    offset: int
    size: int
    zip64: bool
    column: str = layout.IMAGE_COLUMN

    def members_size(self, row: LedgerRow) -> int:
        """Bytes that the members of one of its shards take."""
        return _members_size_of(row, self.column)


@dataclass(frozen=True)
class ZipLayout:
    """A whole zip.

    Attributes:
        parts: In order, without gaps.
        count: Members.
        members_size: Bytes of all members, with their headers: where the directory begins.
        directory_size: Bytes of all entries of the directory.
        name: The name of the file.
    """

    parts: tuple[ZipPart, ...]
    count: int
    members_size: int
    directory_size: int
    name: str = layout.ZIP

    @property
    def end(self) -> bytes:
        """What comes after the entries of the directory."""
        return end_records(self.count, self.members_size, self.directory_size)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.members_size + self.directory_size + len(self.end)


def plan_zip(
    rows: Sequence[LedgerRow],
    part_bytes: int = PART_BYTES,
    name: str = layout.ZIP,
    column: str = layout.IMAGE_COLUMN,
) -> ZipLayout:
    """Lays out a zip.

    Args:
        rows: Its shards in order.
        part_bytes: At least so many bytes are in every part; more where the parts would be too
            many for one upload.
        name: The name of the file.
        column: Which PNGs of the shards are the members.
    """
    sizes = [_members_size_of(row, column) for row in rows]
    total, count = sum(sizes), sum(row.written for row in rows)
    zip64 = needs_zip64(total)
    parts = tuple(
        ZipPart(
            number, tuple(rows[piece.begin : piece.end]), piece.offset, piece.size, zip64, column
        )
        for number, piece in enumerate(in_parts(sizes, part_bytes_of(total, part_bytes)))
    )
    names = sum(row.names_size for row in rows)
    return ZipLayout(parts, count, total, directory_size(count, names, zip64), name)


def plan_zips(
    rows: Sequence[LedgerRow], file_bytes: int, part_bytes: int = PART_BYTES
) -> list[ZipLayout]:
    """Lays out several zips.

    Args:
        rows: The run's shards in order.
        file_bytes: The bytes of a zip, at most; more where a single shard has more.
        part_bytes: As for ``plan_zip``.
    """
    zip64 = needs_zip64(file_bytes)
    sizes = [
        _members_size_of(row, layout.IMAGE_COLUMN)
        + directory_size(row.written, row.names_size, zip64)
        for row in rows
    ]
    return [
        plan_zip(rows[piece.begin : piece.end], part_bytes, layout.zip_name(number))
        for number, piece in enumerate(in_files(sizes, file_bytes - END_64.size - END.size))
    ]


def plan_masks(rows: Sequence[LedgerRow], part_bytes: int = PART_BYTES) -> list[ZipLayout]:
    """Lays out the zip of the masks; none where the shards have none.

    Args:
        rows: The run's shards in order.
        part_bytes: As for ``plan_zip``.
    """
    if not any(row.mask_bytes >= 0 for row in rows):
        return []
    return [plan_zip(rows, part_bytes, layout.MASKS, layout.MASK_COLUMN)]


def _members_size_of(row: LedgerRow, column: str) -> int:
    data = row.content_bytes if column == layout.IMAGE_COLUMN else max(row.mask_bytes, 0)
    return members_size(row.written, row.names_size, data)


def part_bytes_of(members_size: int, part_bytes: int = PART_BYTES) -> int:
    """Bytes of a part, at least: more where they would be too many for one upload."""
    return max(part_bytes, ceil(members_size / _MOST_PARTS))


def members_size(count: int, names_size: int, data_size: int) -> int:
    """Bytes that members take, with their headers."""
    return count * HEADER.size + names_size + data_size


def directory_size(count: int, names_size: int, zip64: bool) -> int:
    """Bytes that the entries of members take in the directory."""
    return count * (ENTRY.size + (OFFSET_64.size if zip64 else 0)) + names_size


def needs_zip64(members_size: int) -> bool:
    """Whether the offsets of a zip's members are of 64 bits."""
    return members_size >= FULL_32


def member_header(path: bytes, crc: int, size: int) -> bytes:
    """What comes before a member's data.

    Args:
        path: Its name in UTF-8, with forward slashes.
        crc: CRC-32 of its data.
        size: Bytes of its data, less than 4 GiB.
    """
    fixed = HEADER.pack(
        b"PK\3\4", _VERSION, _flags(path), 0, 0, _DOS_DATE, crc, size, size, len(path), 0
    )
    return fixed + path


def directory_entry(path: bytes, crc: int, size: int, offset: int, zip64: bool) -> bytes:
    """What the directory says of a member, which begins at an offset in the zip."""
    version = _VERSION_64 if zip64 else _VERSION
    extra = OFFSET_64.pack(1, 8, offset) if zip64 else b""
    fixed = ENTRY.pack(
        b"PK\1\2", _UNIX | version, version, _flags(path), 0, 0, _DOS_DATE, crc, size, size,
        len(path), len(extra), 0, 0, 0, _REGULAR_FILE, FULL_32 if zip64 else offset,
    )  # fmt: skip
    return fixed + path + extra


def end_records(count: int, members_size: int, directory_size: int) -> bytes:
    """The end of a zip; with ZIP64's where a number needs it."""
    far = b""
    if count >= _FULL_16 or members_size + directory_size >= FULL_32:
        far = END_64.pack(
            b"PK\6\6", 44, _UNIX | _VERSION_64, _VERSION_64, 0, 0,
            count, count, directory_size, members_size,
            b"PK\6\7", 0, members_size + directory_size, 1,
        )  # fmt: skip
    few = min(count, _FULL_16)
    return far + END.pack(
        b"PK\5\6", 0, 0, few, few, min(directory_size, FULL_32), min(members_size, FULL_32), 0
    )


def _flags(path: bytes) -> int:
    return 0 if path.isascii() else _UTF8

"""A finished zip, whose directory is read bit by bit: many millions of members have gigabytes."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import pyarrow as pa
from isal import isal_zlib

from raydrift.storage.damaged import DamagedError
from raydrift.storage.zip_layout import (
    END,
    END_64,
    ENTRY,
    FULL_32,
    HEADER,
    OFFSET_64,
    end_records,
    member_header,
)

_BLOCK_BYTES: Final = 4 * 2**20
_LARGEST_ENTRY: Final = 2**12
"""Bytes; a member's name is that of a class, of 255 bytes at most, and a number."""


class ZipEnd(NamedTuple):
    """What a zip's end says of its directory."""

    members: int
    offset: int
    size: int


class ZipEntry(NamedTuple):
    """What a zip's directory says of a member."""

    path: bytes
    crc32: int
    size: int
    offset: int

    @property
    def header(self) -> bytes:
        """What is before the member's data."""
        return member_header(self.path, self.crc32, self.size)

    @property
    def end(self) -> int:
        """Where the next member begins."""
        return self.offset + HEADER.size + len(self.path) + self.size


def read_end(file: pa.NativeFile) -> ZipEnd:
    """Reads the end of a zip.

    Raises:
        DamagedError: It has none, or one of another file.
    """
    size = file.size()
    tail = file.read_at(END_64.size + END.size, max(0, size - END_64.size - END.size))
    try:
        *_, count, directory_size, offset, _ = END.unpack(tail[-END.size :])
        if tail.startswith(b"PK\6\6"):
            count, directory_size, offset = END_64.unpack_from(tail)[7:10]
        whole = end_records(count, offset, directory_size)
    except struct.error:
        whole = b""
    if not whole or not tail.endswith(whole) or offset + directory_size + len(whole) != size:
        raise DamagedError("does not end as a zip does")
    return ZipEnd(count, offset, directory_size)


def entries(file: pa.NativeFile, end: ZipEnd) -> Iterator[ZipEntry]:
    """The entries of a zip's directory in order, of which a few megabytes are in memory at a time.

    Raises:
        DamagedError: Something else is there.
    """
    stop = end.offset + end.size
    rest = b""
    for begin in range(end.offset, stop, _BLOCK_BYTES):
        block = rest + file.read_at(min(_BLOCK_BYTES, stop - begin), begin)
        place = 0
        while (found := _entry(block, place)) is not None:
            entry, place = found
            yield entry
        rest = block[place:]
        if len(rest) > _LARGEST_ENTRY:
            raise _no_entries()
    if rest:
        raise _no_entries()


def check_ends(file: pa.NativeFile, end: ZipEnd) -> None:
    """Looks at the first and the last member: whether they are where the directory says, and whole.

    Raises:
        DamagedError: They are not.
    """
    if not end.members:
        return
    room = min(end.size, _LARGEST_ENTRY)
    first = _entry(file.read_at(room, end.offset), 0)
    tail = file.read_at(room, end.offset + end.size - room)
    place = tail.rfind(b"PK\1\2")  # no name has these signs
    last = _entry(tail, place) if place >= 0 else None
    if first is None or last is None or last[1] != len(tail):
        raise _no_entries()
    if first[0].offset != 0 or first[0].end > end.offset or last[0].end != end.offset:
        raise DamagedError("has gaps between its members")
    for entry in (first[0], last[0]):
        _check_member(file, entry)


def _check_member(file: pa.NativeFile, entry: ZipEntry) -> None:
    header = entry.header
    content = file.read_at(entry.end - entry.offset, entry.offset)
    data = memoryview(content)[len(header) :]
    if not content.startswith(header) or isal_zlib.crc32(data) != entry.crc32:
        name = entry.path.decode(errors="replace")
        raise DamagedError(f"has lost the content of its member {name!r}")


def _entry(block: bytes, place: int) -> tuple[ZipEntry, int] | None:
    """An entry at a place of the directory, and where it ends; None where it is cut off."""
    if len(block) - place < ENTRY.size:
        return None
    fields = ENTRY.unpack_from(block, place)
    crc, size, names, extras, offset = (*fields[7:9], *fields[10:12], fields[16])
    path_ends = place + ENTRY.size + names
    ends = path_ends + extras
    if fields[0] != b"PK\1\2":
        raise _no_entries()
    if len(block) < ends:
        return None
    if offset == FULL_32 and extras == OFFSET_64.size:
        offset = OFFSET_64.unpack_from(block, path_ends)[2]
    return ZipEntry(block[path_ends - names : path_ends], crc, size, offset), ends


def _no_entries() -> DamagedError:
    return DamagedError("has no directory of its members")

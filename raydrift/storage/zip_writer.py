"""A zip file written front to back, its entries stored and its dates fixed.

Equal members in equal order give equal bytes. Memory stays flat: the central directory waits in a
spooled file until it is due.
"""

import struct
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Final, Protocol, Self

from isal import isal_zlib

_DOS_DATE: Final = (1 << 5) | 1  # 1 January 1980, the first day that a zip can name
_UTF8: Final = 0x0800
_STORED: Final = 0
_UNIX: Final = 3 << 8
_REGULAR_FILE: Final = 0o100644 << 16
_VERSION: Final = 20
_VERSION_64: Final = 45
_FULL_16: Final = 0xFFFF
_FULL_32: Final = 0xFFFFFFFF
_SPOOL_BYTES: Final = 32 * 2**20


class Sink(Protocol):
    """What a zip is written to."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Takes the next bytes."""


class ZipWriter:
    """Writes a zip to a sink that need not seek; ZIP64 where a count or an offset asks for it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._directory = SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115  (closed on exit)
        self._offset = 0
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._directory:
            if error is None:
                self._close()

    def add(self, name: str, data: bytes | memoryview) -> None:
        """Adds a member of less than 4 GiB.

        Args:
            name: Its path in the zip, with forward slashes.
            data: Its content.
        """
        path = name.encode()
        size = memoryview(data).nbytes
        flags = 0 if name.isascii() else _UTF8
        common = struct.pack(
            "<HHHHIIIHH",
            flags, _STORED, 0, _DOS_DATE, isal_zlib.crc32(data), size, size, len(path), 0,
        )  # fmt: skip
        self._sink.write(struct.pack("<4sH", b"PK\3\4", _VERSION) + common + path)
        self._sink.write(data)
        self._list(path, common)
        self._offset += 30 + len(path) + size
        self._count += 1

    def _list(self, path: bytes, common: bytes) -> None:
        far = self._offset >= _FULL_32
        extra = struct.pack("<HHQ", 1, 8, self._offset) if far else b""
        version = _VERSION_64 if far else _VERSION
        self._directory.write(
            struct.pack("<4sHH", b"PK\1\2", _UNIX | version, version)
            + common[:-2]
            + struct.pack("<HHHHI", len(extra), 0, 0, 0, _REGULAR_FILE)
            + struct.pack("<I", _FULL_32 if far else self._offset)
            + path
            + extra
        )

    def _close(self) -> None:
        size = self._directory.tell()
        self._directory.seek(0)
        while block := self._directory.read(2**20):
            self._sink.write(block)
        if self._count >= _FULL_16 or self._offset + size >= _FULL_32:
            record = struct.pack(
                "<4sQHHIIQQQQ",
                b"PK\6\6", 44, _UNIX | _VERSION_64, _VERSION_64, 0, 0,
                self._count, self._count, size, self._offset,
            )  # fmt: skip
            locator = struct.pack("<4sIQI", b"PK\6\7", 0, self._offset + size, 1)
            self._sink.write(record + locator)
        count = min(self._count, _FULL_16)
        end = (0, 0, count, count, min(size, _FULL_32), min(self._offset, _FULL_32), 0)
        self._sink.write(struct.pack("<4sHHHHIIH", b"PK\5\6", *end))

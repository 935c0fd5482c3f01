"""The directory at the end of the zip, written as the parts are done."""

from typing import Final

from isal import isal_zlib

from raydrift.paths import FilePart, PartFile
from raydrift.storage.crc32 import combine
from raydrift.storage.zip_layout import ZipLayout

_PART_BYTES: Final = 16 * 2**20
_PARTS: Final = 900  # beside those of the members


class ZipDirectory:
    """Gathers the entries of the parts, in order; memory stays flat.

    Args:
        file: The zip.
        plan: Its layout.
    """

    def __init__(self, file: PartFile, plan: ZipLayout) -> None:
        self._file = file
        self._plan = plan
        self._part_bytes = max(_PART_BYTES, plan.directory_size // _PARTS)
        self._number = len(plan.parts)
        self._offset = plan.members_size
        self._waiting = bytearray()
        self._crc = 0

    def add(self, entries: bytes | bytearray) -> None:
        """Takes the entries of the next part."""
        self._waiting += entries
        if len(self._waiting) >= self._part_bytes:
            self._put()

    def close(self, members_crc: int) -> int:
        """Writes the rest and the end.

        Args:
            members_crc: CRC-32 of all that is before the directory.

        Returns:
            The CRC-32 of the whole zip.
        """
        self._waiting += self._plan.end
        self._put()
        return combine(members_crc, self._crc, self._plan.size - self._plan.members_size)

    def _put(self) -> None:
        data = bytes(self._waiting)
        self._waiting.clear()
        self._file.take(self._file.writer.put(FilePart(self._number, self._offset), [data]))
        self._number += 1
        self._offset += len(data)
        self._crc = isal_zlib.crc32(data, self._crc)

"""A remote file that is read here and there, for longer than one connection to it lasts."""

import io
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow import fs

_T = TypeVar("_T")


class ReopenedFile(io.RawIOBase):
    """A file that is opened anew where a reading fails, with the credentials that there are then.

    Args:
        asking: Asks the filesystem of the moment, and once more where that may help.
        path: The file's path.

    Raises:
        OSError: It cannot be read.
    """

    def __init__(self, asking: Callable[[Callable[[fs.FileSystem], Any]], Any], path: str) -> None:
        self._asking = asking
        self._path = path
        self._file: pa.NativeFile | None = None
        self._position = 0
        self._lock = threading.Lock()
        self._size: int = self._of_file(lambda file: file.size())

    def _of_file(self, work: Callable[[pa.NativeFile], _T]) -> _T:
        """What the file gives, opened first if it is not or if it fails."""

        def ask(filesystem: fs.FileSystem) -> _T:
            file, self._file = self._file, None  # one that fails is not asked again
            file = file or filesystem.open_input_file(self._path)
            found = work(file)
            self._file = file
            return found

        with self._lock:
            found: _T = self._asking(ask)
            return found

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next reading begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Moves to where the next reading begins."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, or all that are left."""
        left = max(0, self._size - self._position)
        size = left if size is None or size < 0 else min(size, left)
        data: bytes = (
            self._of_file(lambda file: file.read_at(size, self._position)) if size else b""
        )
        self._position += len(data)
        return data

"""What is written to this machine's disks is there after a power cut.

A system keeps what is written in memory for a while. A file lasts when its bytes were synced, its
name when the folder was. A large file is on its way to the disk while more of it is made, so that a
sync finds little left to do.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Final

from raydrift.paths.sinks import Buffer

_AHEAD_BYTES: Final = 4 * 2**20

_NOT_KNOWN: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""How filesystems say that they know no sync."""

_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EISDIR})
"""How systems say that a folder cannot be opened to be synced: all but Unix, or without the right
to list it."""


class Sync(Enum):
    """What of a written file is sure to be there after a power cut, once it is written."""

    ALL = "all"
    """Its bytes, then its name, which never stands for less."""

    AT_ONCE = "at once"
    """Its bytes and its name, for which the disk waits once; before that, a power cut may leave the
    name with less: for files that tell by themselves whether they are whole."""

    BYTES = "bytes"
    """Its bytes; its name from when the next file of its folder is synced."""

    NONE = "none"
    """Nothing: it is worth nothing then."""


class LocalFile:
    """An open file on a local disk, written front to back.

    Args:
        file: The file's descriptor.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        self._end = self._begun = 0

    def write(self, data: Buffer, /) -> None:
        """Takes the next bytes."""
        left = memoryview(data).cast("B")
        while left:
            written = os.write(self._file, left)
            self._end += written
            left = left[written:]
        self._begun = begin_sync(self._file, self._begun, self._end)


def begin_sync(file: int, begin: int, end: int) -> int:
    """Has the system begin to write some bytes of a file to the disk, if they are enough.

    Returns:
        Up to where the system was told so.
    """
    if end - begin < _AHEAD_BYTES or sys.platform != "linux":
        return begin
    with suppress(OSError):  # a file that is no file
        # Linux begins to write what is said not to be needed; as long as it writes, it keeps it.
        os.posix_fadvise(file, begin, end - begin, os.POSIX_FADV_DONTNEED)
    return end


def sync_file(file: int) -> None:
    """Returns when the bytes of an open file are on the disk.

    Where a filesystem knows no sync, this does nothing.

    Raises:
        OSError: The disk could not take them.
    """
    if sys.platform == "linux":
        _unless_not_known(os.fdatasync, file)
    else:
        _unless_not_known(_full_sync, file)


def sync_path(path: str) -> None:
    """Returns when the bytes of a file are on the disk."""
    file = os.open(path, os.O_RDWR)
    try:
        sync_file(file)
    finally:
        os.close(file)


def sync_folder(path: str) -> None:
    """Returns when the names in a folder are on the disk."""
    try:
        folder = os.open(path, os.O_RDONLY)
    except OSError as error:
        if error.errno in _NOT_ALLOWED:
            return
        raise
    try:
        _unless_not_known(_full_sync, folder)  # on Linux too: fdatasync may leave names out
    finally:
        os.close(folder)


def make_folder(path: str) -> list[str]:
    """Makes a folder and those above it that are missing; all of them last.

    Returns:
        Those that it made, the deepest first; if it fails, they are taken away again.
    """
    missing = [one for one in (Path(path), *Path(path).parents) if not one.exists()]
    made: list[str] = []
    try:
        for one in reversed(missing):
            with suppress(FileExistsError):  # somebody else was quicker
                one.mkdir()
                made.insert(0, str(one))
        Path(path).mkdir(exist_ok=True)  # a file of that name is an error
        for one in missing:
            sync_folder(str(one.parent))
    except OSError:
        remove_empty(made)
        raise
    return made


def remove_empty(folders: Iterable[str]) -> None:
    """Deletes those of some folders that are empty."""
    for folder in folders:
        with suppress(OSError):  # something is in it, or it is gone
            os.rmdir(folder)


def _unless_not_known(sync: Callable[[int], None], file: int) -> None:
    try:
        sync(file)
    except OSError as error:
        if error.errno not in _NOT_KNOWN:
            raise


def _full_sync(file: int) -> None:
    if sys.platform == "darwin":  # its fsync leaves the bytes in the disk's own memory
        import fcntl

        with suppress(OSError):  # of a filesystem that does not know it
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)
            return
    os.fsync(file)

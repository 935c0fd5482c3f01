"""What is written to this machine's disks is there after a power cut.

A system keeps what is written in memory for a while. A file lasts when its bytes were synced, its
name when the folder was.
"""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Final

_NOT_KNOWN: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""How filesystems say that they know no sync."""

_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EISDIR})
"""How systems say that a folder cannot be opened to be synced: all but Unix, or without the right
to list it."""


class Sync(Enum):
    """What of a written file is sure to be there after a power cut, once it is written."""

    ALL = "all"
    """Its bytes and its name."""

    BYTES = "bytes"
    """Its bytes; its name from when the next file of its folder is synced."""

    NONE = "none"
    """Nothing: it is worth nothing then."""


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
    """Returns when the bytes of a file are on the disk, whoever of this machine wrote them."""
    file = os.open(path, os.O_WRONLY)  # some network filesystems sync nothing for a mere reader
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


def make_folder(path: str) -> None:
    """Makes a folder and those above it that are missing; all of them last."""
    missing = [one for one in (Path(path), *Path(path).parents) if not one.exists()]
    Path(path).mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync_folder(str(one.parent))


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

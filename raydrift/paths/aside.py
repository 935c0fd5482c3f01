"""The other name under which a file is written, until it is whole."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from uuid import uuid4

from pyarrow import fs

from raydrift.paths.sync import Sync, sync_folder, sync_path

_ASIDE: Final = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.tmp")


@contextmanager
def written_aside(filesystem: fs.FileSystem, path: str, sync: Sync = Sync.ALL) -> Iterator[str]:
    """Another path, from which the file is moved to its own; after an error it is deleted.

    Whoever writes the file syncs it before, unless its bytes and its name are synced at once.
    """
    name = path.rpartition("/")[2]
    folder = path.removesuffix(name)
    aside = f"{folder}.{name}.{uuid4().hex[:8]}.tmp"
    is_local = isinstance(filesystem, fs.LocalFileSystem)
    try:
        yield aside
        filesystem.move(aside, path)
        if is_local and sync is Sync.AT_ONCE:
            sync_path(path)  # what journals the bytes journals the name as well
        if is_local and sync in (Sync.ALL, Sync.AT_ONCE):
            sync_folder(folder)
    except BaseException:
        with suppress(OSError):
            filesystem.delete_file(aside)
        raise


def unfinished_of(name: str) -> str | None:
    """The file that was being written under this other name; None: it is no such name."""
    match = _ASIDE.fullmatch(name)
    return match["name"] if match else None

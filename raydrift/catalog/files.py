"""What a filesystem tells of files: those that a manifest names, or those below a folder."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import fs

from raydrift.paths import StoragePath

UNKNOWN: Final = (-1, -1)
"""Size and time of a file that was not looked at."""

GONE: Final = (-1, 0)
"""Size and time of a file that is not there; whoever opens it rejects it."""

MOST_REMOTE: Final = 10_000
"""Files of a manifest that are looked at on an object store, where each is a request."""

_LOOKERS: Final = 32
_AT_ONCE: Final = 1_000

Numbers = npt.NDArray[np.int64]


def sizes_and_times(root: StoragePath, paths: list[str]) -> tuple[Numbers, Numbers]:
    """Bytes of some files, and nanoseconds since 1970 when each was last written.

    Args:
        root: The folder that they start from.
        paths: On object stores not more than ``MOST_REMOTE`` are looked at, else none.
    """
    if not root.is_local and len(paths) > MOST_REMOTE:
        return np.full(len(paths), UNKNOWN[0]), np.full(len(paths), UNKNOWN[1])
    some = (paths[start : start + _AT_ONCE] for start in range(0, len(paths), _AT_ONCE))
    with ThreadPoolExecutor(_LOOKERS) as pool:
        if root.is_local:
            found = list(chain.from_iterable(pool.map(partial(_local_files, root), some)))
        else:
            found = list(pool.map(partial(_remote_file, root), paths))
    facts = np.array(found, np.int64).reshape(-1, 2)
    return facts[:, 0], facts[:, 1]


def files_below(
    folder: StoragePath, is_wanted: Callable[[fs.FileInfo], bool]
) -> tuple[pa.Array, Numbers, Numbers]:
    """The files anywhere below a folder, sorted by path: paths from it on, bytes, and times.

    Args:
        folder: The folder.
        is_wanted: Whether a file is one of them, by its name. One whose path is not UTF-8 is none.

    Returns:
        Paths as large_string; sizes and times as of ``sizes_and_times``.

    Raises:
        OSError: It cannot be read.
    """
    start = len(folder.path) + 1 if folder.path else 0
    found = []
    for info in folder.entries(recursive=True):
        try:
            if info.type == fs.FileType.File and is_wanted(info):
                found.append((info.path[start:], info.size, info.mtime_ns or UNKNOWN[1]))
        except UnicodeDecodeError:  # Arrow decodes a path when it is asked for
            continue
    found.sort()
    paths, sizes, times = zip(*found, strict=True) if found else ((), (), ())
    return pa.array(paths, pa.large_string()), np.array(sizes, np.int64), np.array(times, np.int64)


def _local_files(root: StoragePath, paths: Iterable[str]) -> list[tuple[int, int]]:
    found = []
    for path in paths:
        try:
            status = os.stat(os.path.join(root.path, path))
        except (OSError, ValueError):  # a NUL byte is the latter
            found.append(GONE)
        else:
            found.append((status.st_size, status.st_mtime_ns))
    return found


def _remote_file(root: StoragePath, path: str) -> tuple[int, int]:
    try:
        info = root.at(path).info()
    except (OSError, ValueError):
        return UNKNOWN
    return (info.size, info.mtime_ns or -1) if info.size is not None else GONE

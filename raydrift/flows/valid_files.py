"""Which of many named files are images by their names and there."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyarrow import fs

from raydrift.flows.class_folders import LISTERS
from raydrift.paths import StoragePath
from raydrift.warned import warn

_AT_ONCE: Final = 1_000
_WORTH_A_LOOK: Final = 16
_LOOKED_AT: Final = 16
"""How many files a folder is asked for before it is looked into, and how many times as many are
looked at."""


def joined(directory: str, name: str) -> str:
    """A file's whole path or URI.

    >>> joined("photos", "a.png"), joined("", "s3://bucket/a.png")
    ('photos/a.png', 's3://bucket/a.png')
    """
    return name if "://" in name else os.path.join(directory, name)


def valid_files(
    directory: str,
    names: Sequence[str],
    suffixes: tuple[str, ...],
    column: object,
    storage_options: Mapping[str, Any] | None = None,
) -> npt.NDArray[np.bool_]:
    """Looks for files, many at once, and warns of those that are not there.

    Args:
        directory: The folder or URI that the names start from.
        names: Their paths.
        suffixes: How names of images end, in lower case.
        column: Where the names are from, for the warning.
        storage_options: How a remote filesystem is reached.

    Returns:
        Of shape (n,): whether it is such a file.
    """
    named = np.array([name.lower().endswith(suffixes) for name in names], dtype=bool)
    paths = [joined(directory, name) for name in names]
    rows = np.flatnonzero(named)
    local = [row for row in rows.tolist() if "://" not in paths[row]]
    remote = [row for row in rows.tolist() if "://" in paths[row]]
    there = np.zeros(len(names), dtype=bool)
    with ThreadPoolExecutor(LISTERS) as pool:
        there[local] = _local(pool, [paths[row] for row in local])
        if remote:
            there[remote] = _remote(pool, [paths[row] for row in remote], storage_options)
    invalid = np.flatnonzero(~there)
    if invalid.size:
        first = int(invalid[0])
        why = "is not there" if named[first] else f"does not end in {' '.join(suffixes)}"
        warn(
            f'Found {invalid.size} invalid image filename(s) in x_col="{column}". '
            f"These filename(s) will be ignored. The first is {paths[first]!r} in row {first}: "
            f"it {why}."
        )
    return there


def _local(pool: ThreadPoolExecutor, paths: list[str]) -> list[bool]:
    """Looks into the folders that the files are in, each once, and only then for single files."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(os.path.dirname(path), []).append(path)
    found = set().union(*pool.map(_seen, folders, folders.values()))
    rest = [path for path in paths if path not in found]
    size = max(1, min(_AT_ONCE, -(-len(rest) // LISTERS)))
    parts = [rest[start : start + size] for start in range(0, len(rest), size)]
    for some in pool.map(lambda part: [path for path in part if os.path.isfile(path)], parts):
        found.update(some)
    return [path in found for path in paths]


def _seen(folder: str, paths: list[str]) -> set[str]:
    """Those of a folder's files that a look at a part of it shows."""
    if len(paths) < _WORTH_A_LOOK:
        return set()
    wanted = {os.path.basename(path): path for path in paths}
    try:
        with os.scandir(folder or ".") as entries:
            some = islice(entries, _LOOKED_AT * len(paths))
            return {
                wanted[entry.name]
                for entry in some
                if entry.name in wanted and entry.is_file(follow_symlinks=False)
            }
    except OSError:
        return set()


def _remote(
    pool: ThreadPoolExecutor, uris: list[str], storage_options: Mapping[str, Any] | None
) -> list[bool]:
    """Lists the folders that the files are in: a request for a thousand, not one for each."""
    folders = sorted({uri.rpartition("/")[0] for uri in uris})

    def list_folder(folder: str) -> set[str]:
        entries = StoragePath.of(folder, storage_options).entries()
        return {f"{folder}/{info.base_name}" for info in entries if info.type == fs.FileType.File}

    there = set().union(*pool.map(list_folder, folders))
    return [uri in there for uri in uris]

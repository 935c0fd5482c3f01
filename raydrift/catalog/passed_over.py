"""Folders that are no classes: those of systems and network storage, and raydrift's own results."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

_SYSTEM: Final = (
    # Network storage: thumbnails, recycle bins, snapshots, what is half uploaded
    "@eaDir", "@tmp", "@__thumb", "@Recycle", "@Recently-Snapshot", "@Transcode", "@upload_cache",
    "@SynoDrive", "#recycle", "#snapshot", "~snapshot",
    # Windows
    "$RECYCLE.BIN", "$Extend", "System Volume Information",
    # macOS, and the archives that it makes
    "__MACOSX", "Network Trash Folder", "Temporary Items", "TheVolumeSettingsFolder",
    # Python
    "__pycache__",
)  # fmt: skip
_SYSTEM_AS_WRITTEN: Final = ("RECYCLER", "lost+found")  # words that may be a class in other cases
_CHECKED_DISK: Final = re.compile(r"FOUND\.\d{3}")  # what Windows' chkdsk leaves

_BY_NAME: Final = {name.casefold(): name for name in _SYSTEM}

RESULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "run.json": ("sampled_images.zip", "input_mapping.parquet", "run.lock", "_shards"),
    "evaluation.json": (
        "report.html", "kl_by_batch.png", "kl_by_level.png", "metrics.parquet",
        "class_drift.parquet",
    ),
}  # fmt: skip
"""How a folder with raydrift's results is known: a file, and one of those that lie beside it."""

OURS: Final = "folder with results of raydrift"

File = tuple[str, int | None, int]
"""Path, size (None: neither a file nor a folder), and when it was written."""


def reason_to_skip(name: str, has: Callable[[str], bool]) -> str:
    """Why a folder is passed over with all that is in it; empty: it is not.

    Args:
        name: The name of the folder.
        has: Whether a file or folder of some name is in it.
    """
    known = system_folder(name)
    if known:
        return _system_reason(known)
    return OURS if any(has(one) and any(map(has, RESULTS[one])) for one in RESULTS) else ""


def system_folder(name: str) -> str:
    """The usual spelling of a folder's name that a system or a NAS makes; empty for all others."""
    if name in _SYSTEM_AS_WRITTEN or _CHECKED_DISK.fullmatch(name):
        return name
    return _BY_NAME.get(name.casefold(), "")


def without_skipped(files: list[File], skipped: dict[str, str]) -> list[File]:
    """Files of a whole tree, less those in folders that are passed over.

    Args:
        files: Path and size of each.
        skipped: Gets each folder that was passed over, and why.
    """
    inside = _contents(path for path, *_ in files)
    return [file for file in files if not _skipped_folder(file[0], inside, skipped)]


def _contents(paths: Iterable[str]) -> dict[str, set[str]]:
    """For each folder, what is in it of that by which results are known."""
    known = {*RESULTS, *(name for names in RESULTS.values() for name in names)}
    inside: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name in known:
            inside.setdefault(folder, set()).add(name)
        above, _, last = folder.rpartition("/")
        if last in known:
            inside.setdefault(above, set()).add(last)
    return inside


def _skipped_folder(path: str, inside: dict[str, set[str]], skipped: dict[str, str]) -> bool:
    end = path.find("/")
    while end >= 0:
        folder = path[:end]
        if folder in skipped:
            return True
        there = inside.get(folder, ())
        why = reason_to_skip(folder.rpartition("/")[2], there.__contains__)
        if why:
            skipped[folder] = why
            return True
        end = path.find("/", end + 1)
    return False


def _system_reason(name: str) -> str:
    return f"folder {name}, made by a system or a NAS"

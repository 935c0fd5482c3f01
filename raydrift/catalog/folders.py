"""Class folders to a listing: the class is the first folder, images lie anywhere below it.

Hidden files and folders are passed over without a word; files that are no images by their names,
images outside the class folders, pipes and devices are counted. So are folders that a system or a
NAS made and folders with results of raydrift; nothing in them is looked at. Links are followed, but
never into a folder that they lie in. A link that leads nowhere is listed: the worker that opens it
rejects it.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Final

import numpy as np
import pyarrow as pa
from pyarrow import fs

from raydrift.catalog.files import GONE
from raydrift.catalog.listing import Listing
from raydrift.catalog.passed_over import File as _File
from raydrift.catalog.passed_over import reason_to_skip, system_folder, without_skipped
from raydrift.catalog.splits import split_note
from raydrift.errors import CatalogError
from raydrift.images.raw.names import CAMERA_SUFFIXES, raw_suffixes
from raydrift.paths import StoragePath
from raydrift.settings.raw import RawSettings
from raydrift.text import plural

IMAGE_SUFFIXES: Final = frozenset((
    ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe",
    ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
))  # fmt: skip
"""A file is taken for an image if its name ends so, in upper or lower case."""

_HIDDEN: Final = re.compile(r"(^|/)\.")
_FILES: Final = pa.schema(
    [("path", pa.large_string()), ("size", pa.int64()), ("modified", pa.int64())]
)
_PART: Final = 100_000
_LISTERS: Final = 32
_SHOWS_NO_FOLDERS: Final = "gcs"  # Arrow lists there only folders that were made as objects

_OUTSIDE: Final = "image outside the class folders"
_NO_IMAGE: Final = "not an image by its name"
_RAW: Final = "camera's raw file: --raw develops it"
_NOT_RAW: Final = "not a raw file by its name"
_NOT_UTF8: Final = "name is not UTF-8"
_NO_FILE: Final = "neither a file nor a folder"


class FlatFolderError(CatalogError):
    """A folder has images, and no class folders."""


ONE_CLASS: Final = "all"
"""What the one class is called of a folder whose folders are no classes."""


def list_folders(
    root: StoragePath, raw: RawSettings | None = None, *, classes: bool = True
) -> Listing:
    """Lists a folder with one sub-folder a class.

    Args:
        root: The folder.
        raw: What the raw files in it are; None: photographs are listed.
        classes: Whether the sub-folders are classes; else all images are of the class ``all``.

    Raises:
        CatalogError: Nothing in it is an image in a class folder.
        OSError: It cannot be read.
    """
    skipped: dict[str, str] = {}
    lists = _list_local(root.path, skipped) if root.is_local else _list_remote(root, skipped)
    suffixes = IMAGE_SUFFIXES if raw is None else raw_suffixes(raw)
    ignored: dict[str, int] = {}
    kept: dict[str, list[pa.Table]] = {}
    for folder_name, files in lists:
        class_name = folder_name if classes else ONE_CLASS
        for part in _parts(files):
            paths, sizes, times = [], [], []
            for path, size, modified in part:
                reason = _reason_to_ignore(class_name, path, size, suffixes)
                if reason:
                    ignored[reason] = ignored.get(reason, 0) + 1
                else:
                    paths.append(path)
                    sizes.append(size)
                    times.append(modified)
            if paths:
                table = pa.table([paths, sizes, times], schema=_FILES)
                kept.setdefault(class_name, []).append(table)
    for why in skipped.values():
        ignored[why] = ignored.get(why, 0) + 1
    if not kept:
        flat = raw is None and not ignored.get(_RAW) and ignored.get(_OUTSIDE)
        raise (FlatFolderError if flat else CatalogError)(_nothing_found(root, ignored, raw))
    names = tuple(sorted(kept))
    counts = [sum(map(len, kept[name])) for name in names]
    index = np.repeat(np.arange(len(names), dtype=np.int32), counts)
    table = pa.concat_tables(part for name in names for part in kept[name])
    table = table.add_column(1, "class_index", pa.array(index))
    note = split_note(names, table["path"])
    return Listing(root, table, names, ignored=ignored, notes=() if note is None else (note,))


def _parts(files: Iterator[_File]) -> Iterator[list[_File]]:
    """The files of a class, some at a time: as Python's objects they take five times the memory."""
    while part := list(islice(files, _PART)):
        yield part


def _nothing_found(root: StoragePath, ignored: Mapping[str, int], raw: RawSettings | None) -> str:
    if ignored.get(_RAW):
        return (
            f"input {root} has no images but {plural(ignored[_RAW], 'raw file')} of cameras: "
            "develop them with --raw"
        )
    if ignored.get(_OUTSIDE):
        return (
            f"input {root} has {plural(ignored[_OUTSIDE], 'image')} but no class folders: "
            "move images into one sub-folder a class, list them in a manifest, or give "
            "--labels FILE with their classes, or --labels none"
        )
    others = sum(count for why, count in ignored.items() if not why.startswith("folder"))
    skipped = [
        plural(count, "folder") + why.removeprefix("folder")
        for why, count in ignored.items()
        if why.startswith("folder")
    ]
    seen = "; ".join([plural(others, "other file")] * bool(others) + skipped)
    seen = f" ({seen})" if seen else ""
    if raw is not None:
        names = " ".join(sorted(raw_suffixes(raw)))
        return f"input {root} has no raw files{seen}: raw.files = {raw.files!r} are {names}"
    return f"input {root} has no images{seen}: give a folder with one sub-folder a class"


def _reason_to_ignore(
    class_name: str, path: str, size: int | None, suffixes: frozenset[str]
) -> str:
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in suffixes:
        if suffixes is not IMAGE_SUFFIXES:
            return _NOT_RAW
        return _RAW if suffix in CAMERA_SUFFIXES else _NO_IMAGE
    try:
        path.encode()
    except UnicodeEncodeError:
        return _NOT_UTF8
    if size is None:
        return _NO_FILE
    return "" if class_name else _OUTSIDE


def _list_local(root: str, skipped: dict[str, str]) -> Iterator[tuple[str, Iterator[_File]]]:
    """(class name, files below) of each folder in root; files directly in root have class ''.

    Folders that are passed over go to ``skipped``, with the reason.
    """
    files: list[_File] = []
    above = (_identity(root),)
    with os.scandir(root) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                if not _skip(entry, skipped):
                    yield entry.name, _walk(entry.path, entry.name, above, skipped)
            else:
                files.append((entry.name, *_size_and_time(entry)))
    yield "", iter(files)


def _walk(
    folder: str, below: str, above: tuple[tuple[int, int], ...], skipped: dict[str, str]
) -> Iterator[_File]:
    waiting = [(folder, below, above)]
    while waiting:
        folder, below, above = waiting.pop()
        here = _identity(folder)
        if here in above:
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                path = f"{below}/{entry.name}"
                if entry.name.startswith("."):
                    continue
                if _is_folder(entry):
                    if not _skip(entry, skipped):
                        waiting.append((entry.path, path, (*above, here)))
                else:
                    yield path, *_size_and_time(entry)


def _skip(folder: os.DirEntry[str], skipped: dict[str, str]) -> bool:
    why = reason_to_skip(folder.name, lambda name: os.path.exists(f"{folder.path}/{name}"))
    if why:
        skipped[folder.path] = why
    return bool(why)


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _size_and_time(entry: os.DirEntry[str]) -> tuple[int | None, int]:
    """The size and time of a file or a link; a pipe has no size: its reader would wait for ever."""
    try:
        status = entry.stat()
    except OSError:
        return GONE
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    return size, status.st_mtime_ns


def _list_remote(
    root: StoragePath, skipped: dict[str, str]
) -> Iterator[tuple[str, Iterator[_File]]]:
    top = root.entries()
    folders = [info for info in top if info.type == fs.FileType.Directory]
    if root.filesystem.type_name == _SHOWS_NO_FOLDERS:
        yield from _by_class(without_skipped(_below(root, root.path), skipped))
        return
    for info in folders:
        if system_folder(info.base_name):
            skipped[info.base_name] = reason_to_skip(info.base_name, lambda _: False)
    listed = [info.path for info in folders if info.base_name not in skipped]
    with ThreadPoolExecutor(_LISTERS) as pool:
        for files in pool.map(lambda folder: _below(root, folder), listed):
            yield from _by_class(without_skipped(files, skipped))
    beside = [info for info in top if info.type == fs.FileType.File]
    shown = [one for one in beside if not one.base_name.startswith(".")]
    yield "", ((one.base_name, one.size, _time(one)) for one in shown)


def _below(root: StoragePath, folder: str) -> list[_File]:
    start = len(root.path) + 1 if root.path else 0
    infos = replace(root, path=folder).entries(recursive=True)
    files = (one for one in infos if one.type == fs.FileType.File)
    found = ((one.path[start:], one.size, _time(one)) for one in files)
    return [one for one in found if not _HIDDEN.search(one[0])]


def _time(info: fs.FileInfo) -> int:
    return -1 if info.mtime_ns is None else int(info.mtime_ns)


def _by_class(files: list[_File]) -> Iterator[tuple[str, Iterator[_File]]]:
    classes: dict[str, list[_File]] = {}
    for file in files:
        class_name, slash, _ = file[0].partition("/")
        classes.setdefault(class_name if slash else "", []).append(file)
    for class_name, its_files in classes.items():
        yield class_name, iter(its_files)

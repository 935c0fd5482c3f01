"""The files in the folder of a class, on this machine or elsewhere, as Keras looks for them.

Class folders are all folders, also hidden and empty ones. Files lie anywhere below them. Linked
class folders and linked files count; linked folders further down only where links are followed, and
never one that lies in itself.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pyarrow import fs

from raydrift.paths import StoragePath

LISTERS: Final = 32
"""Threads that list folders side by side: a network's filesystem takes its time for each."""


@dataclass(frozen=True)
class ClassFiles:
    """What the folder of a class has.

    Attributes:
        names: Paths of the files from the class folder, folder after folder, sorted in each.
        others: How many files are passed over for their names.
        unread: The folders that could not be read, with the reason.
        is_there: Whether there is such a folder.
    """

    names: list[str]
    others: int = 0
    unread: tuple[str, ...] = ()
    is_there: bool = True


class LocalFolders:
    """Class folders of this machine's filesystem.

    Args:
        directory: The folder that they are in.
        follow_links: Whether linked folders below the class folders are looked into.

    Raises:
        FileNotFoundError: It is not there.
        NotADirectoryError: It is a file.
    """

    def __init__(self, directory: str, follow_links: bool = False) -> None:
        self._directory = directory
        self._follow_links = follow_links
        if not os.path.isdir(directory):
            is_file = os.path.exists(directory)
            number = errno.ENOTDIR if is_file else errno.ENOENT
            raise OSError(
                number, f"{os.strerror(number)}: give a folder of class folders", directory
            )

    def __str__(self) -> str:
        return self._directory

    def class_names(self) -> list[str]:
        """All folders directly in it, sorted."""
        with os.scandir(self._directory) as entries:
            return sorted(entry.name for entry in entries if _is_folder(entry))

    def files(self, class_name: str, suffixes: tuple[str, ...]) -> ClassFiles:
        """The files of a class whose names end so."""
        top = os.path.join(self._directory, class_name)
        if not os.path.isdir(top):
            return ClassFiles([], is_there=False)
        found: list[tuple[str, str]] = []
        unread: list[str] = []
        others = 0
        for below, name in self._walk(top, unread):
            if name.lower().endswith(suffixes):
                found.append((below, name))
            else:
                others += 1
        return ClassFiles(_in_order(found), others, tuple(unread))

    def _walk(self, top: str, unread: list[str]) -> Iterator[tuple[str, str]]:
        """(folder from the top, name) of each file."""
        waiting: list[tuple[str, tuple[tuple[int, int], ...]]] = [("", ())]
        while waiting:
            below, above = waiting.pop()
            folder = os.path.join(top, below) if below else top
            if self._follow_links:  # without, no folder lies in itself
                here = _identity(folder)
                if here in above:
                    continue
                above = (*above, here)
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if _is_folder(entry):
                            if self._follow_links or not entry.is_symlink():
                                waiting.append((os.path.join(below, entry.name), above))
                        elif entry.is_symlink() or entry.is_file():  # else who reads it may wait
                            yield below, entry.name
            except OSError as error:
                unread.append(f"{folder}: {error.strerror}")


class RemoteFolders:
    """Class folders of a bucket, or of another place that a URI names.

    Args:
        directory: The folder that they are in.

    Raises:
        FileNotFoundError: Nothing is there.
    """

    def __init__(self, directory: StoragePath) -> None:
        self._directory = directory
        self._start = len(directory.path) + 1 if directory.path else 0

    def __str__(self) -> str:
        return str(self._directory)

    def class_names(self) -> list[str]:
        """All folders directly in it, sorted; in a bucket those that have something in them."""
        entries = self._directory.entries()
        names = {info.base_name for info in entries if info.type == fs.FileType.Directory}
        if not names:  # some stores list no folders
            below = self._directory.entries(recursive=True)
            parts = (info.path[self._start :].partition("/") for info in below)
            names = {first for first, slash, _ in parts if slash}
        if not names and not entries:
            raise FileNotFoundError(
                errno.ENOENT,
                "nothing is there: give a folder of class folders",
                str(self._directory),
            )
        return sorted(names)

    def files(self, class_name: str, suffixes: tuple[str, ...]) -> ClassFiles:
        """The files of a class whose names end so."""
        folder = self._directory / class_name
        start = len(folder.path) + 1
        entries = folder.entries(recursive=True)
        paths = [info.path[start:] for info in entries if info.type == fs.FileType.File]
        found = [path for path in paths if path.lower().endswith(suffixes)]
        split = (path.rpartition("/") for path in found)
        names = _in_order([(below, name) for below, _, name in split])
        return ClassFiles(names, len(paths) - len(found), is_there=bool(entries))


def open_folders(
    directory: str, follow_links: bool, storage_options: Mapping[str, Any] | None
) -> LocalFolders | RemoteFolders:
    """The class folders in a folder or below a URI.

    Raises:
        OSError: Nothing is there.
        SettingsError: Nothing here knows the URI's scheme.
    """
    if "://" not in directory:
        return LocalFolders(directory, follow_links)
    return RemoteFolders(StoragePath.of(directory, storage_options))


def plain_path(directory: str | os.PathLike[str]) -> str:
    """A folder's path or URI; one of ``file://`` as a path, to which names of files can be added.

    >>> plain_path("file:///tmp/a%20b")
    '/tmp/a b'
    """
    directory = os.fspath(directory)
    return StoragePath.of(directory).path if directory.startswith("file://") else directory


def _in_order(found: list[tuple[str, str]]) -> list[str]:
    """Folder after folder by its whole path, which is not the order of the files' paths."""
    return [f"{below}/{name}" if below else name for below, name in sorted(found)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(folder: str) -> tuple[int, int]:
    status = Path(folder).stat()
    return status.st_dev, status.st_ino

"""A folder of class folders to a listing: which files a flow has, in which order and class."""

import math
import os
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError
from raydrift.flows.class_folders import (
    LISTERS,
    ClassFiles,
    LocalFolders,
    RemoteFolders,
    open_folders,
    plain_path,
)
from raydrift.flows.listing_checks import ClassSeen, check_classes, check_names
from raydrift.flows.shuffled_index import INDEX, ShuffledIndex
from raydrift.warned import warn

FileName = str | tuple[str, ...]
"""A path from the folder; of a lister of the user's also several that are one sample."""

Lister = Callable[..., tuple[str, Sequence[FileName]]]


@dataclass(frozen=True)
class ListingRules:
    """In what Keras and mltk differ.

    Attributes:
        suffixes: How the names of images end, in lower case; a dot before it is not asked for.
        by_path: Whether files are sorted by their paths; else folder after folder.
        rounds_up: Whether a part of a file more goes to validation; else to training.
        needs_images: Whether a class without images is an error; else a warning.
    """

    suffixes: tuple[str, ...] = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")
    by_path: bool = False
    rounds_up: bool = False
    needs_images: bool = False

    def part(self, split: tuple[float, float] | None, count: int) -> slice:
        """Which of so many files in a row belong to a part, as (0.2, 1) of all.

        >>> KERAS.part((0, 0.25), 7), MLTK.part((0, 0.25), 7)
        (slice(0, 1, None), slice(0, 2, None))
        """
        if split is None:
            return slice(0, count)
        whole = math.ceil if self.rounds_up else int
        return slice(whole(split[0] * count), whole(split[1] * count))


KERAS: Final = ListingRules()
MLTK: Final = ListingRules(
    suffixes=(*KERAS.suffixes, "npy"), by_path=True, rounds_up=True, needs_images=True
)


@dataclass(frozen=True, eq=False)
class Listing:
    """The files of a flow.

    Attributes:
        directory: The folder or its URI.
        filenames: Their paths from there, class after class.
        classes: int32: the class of each, a value of ``class_indices``.
        class_indices: Class name to number.
        rows: int64: which row each file is of all files, before the split and the cut. It names
            the sample in every draw, so that a split changes nothing of an image's augmentation.
        counts: How many files each class has.
    """

    directory: str
    filenames: list[FileName]
    classes: npt.NDArray[np.int32]
    class_indices: dict[str, int]
    rows: npt.NDArray[np.int64]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def filepaths(self) -> list[FileName]:
        """The files' whole paths or URIs."""
        return [
            self._path(name) if isinstance(name, str) else tuple(map(self._path, name))
            for name in self.filenames
        ]

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, name)


@dataclass(frozen=True)
class _ClassList:
    """All files of a class, the rows of those in the wanted part, and what else was seen."""

    name: str
    files: list[FileName]
    rows: npt.NDArray[np.int64]
    found: ClassFiles = field(default_factory=lambda: ClassFiles([]))
    notes: tuple[str, ...] = ()


def list_directory(
    directory: str | os.PathLike[str],
    classes: Sequence[str] | None = None,
    *,
    rules: ListingRules = KERAS,
    split: tuple[float, float] | None = None,
    follow_links: bool = False,
    max_samples_per_class: int = -1,
    shuffle_index_dir: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    lister: Lister | None = None,
    class_counts: MutableMapping[str, int] | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Listing:
    """Lists the images of class folders.

    Args:
        directory: The folder that the class folders are in, or its URI.
        classes: Which folders, in this order; None: all, sorted.
        rules: Keras' or mltk's.
        split: Which part of each class, as (0, 0.2) for validation and (0.2, 1) for training.
        follow_links: Whether linked folders below the class folders are looked into.
        max_samples_per_class: At most so many files of each class, the first of them; -1: all.
        shuffle_index_dir: A folder in whose ``.index`` the files of each class stand in another
            order, to be split and cut in it; one that is not there yet is written, but not into
            the data.
        seed: Shuffles such an index.
        lister: A function of the user's that lists a class, in mltk's form.
        class_counts: Is filled with how many files each class has.
        storage_options: How a remote filesystem is reached.

    Returns:
        The listing.

    Raises:
        OSError: The folder is not there, or cannot be read.
        SettingsError: An argument cannot be.
        EmptyClassError: A class has no images, where the rules demand them.
        CatalogError: A file is listed twice.
        TypeError: ``classes`` is not a sequence of names.
    """
    directory = plain_path(directory)
    if max_samples_per_class < 1 and max_samples_per_class != -1:
        raise SettingsError(
            f"max_samples_per_class is {max_samples_per_class}: give 1 or more, or -1 for all"
        )
    if shuffle_index_dir is not None and not classes:
        raise SettingsError("shuffle_index_dir needs classes: name the class folders in classes=")
    folders = open_folders(directory, follow_links, storage_options)
    names = _class_names(classes, folders, rules)
    index = None
    if shuffle_index_dir is not None:
        index = ShuffledIndex(os.fspath(shuffle_index_dir), directory, seed)

    if lister is None:
        list_class = partial(_list_class, folders=folders, rules=rules, split=split, index=index)
    else:
        told = {
            "base_directory": directory,
            "white_list_formats": rules.suffixes,
            "follow_links": follow_links,
            "shuffle_index_directory": shuffle_index_dir,
        }
        list_class = partial(_by_the_user, lister=partial(lister, **told), split=split)
    with ThreadPoolExecutor(min(LISTERS, max(1, len(names)))) as pool:
        lists = list(pool.map(list_class, names))
    listing = _joined(directory, lists, max_samples_per_class)
    if class_counts is not None:
        class_counts.update(listing.counts)
    for one in lists:
        for note in one.notes:
            warn(note)
    seen = [
        ClassSeen(
            one.name,
            len(one.files),
            listing.counts[one.name],
            one.found.others,
            one.found.is_there,
        )
        for one in lists
    ]
    check_classes(directory, seen, rules.suffixes, rules.needs_images)
    check_names(directory, [name for name in listing.filenames if isinstance(name, str)])
    return listing


def _class_names(
    classes: Sequence[str] | None, folders: LocalFolders | RemoteFolders, rules: ListingRules
) -> list[str]:
    if isinstance(classes, str) or not all(isinstance(name, str) for name in classes or ()):
        raise TypeError(f"classes is {classes!r}: give a list of the class folders' names")
    if not classes:
        return [name for name in folders.class_names() if not rules.needs_images or name != INDEX]
    times = Counter(classes)
    for name in times:
        if times[name] > 1:
            raise SettingsError(f"classes has {name!r} {times[name]} times: name each folder once")
        if not name or os.path.isabs(name) or ".." in name.split("/"):
            raise SettingsError(f"classes has {name!r}: name folders in {folders}")
    return list(classes)


def _list_class(
    name: str,
    folders: LocalFolders | RemoteFolders,
    rules: ListingRules,
    split: tuple[float, float] | None,
    index: ShuffledIndex | None,
) -> _ClassList:
    found = folders.files(name, rules.suffixes)
    notes = [f"{unread}: its images are left out" for unread in found.unread]
    files = [os.path.join(name, path) for path in found.names]
    if rules.by_path:
        files.sort()
    if index is not None:
        files, note = index.order(name, files)
        notes += [note] * bool(note)
    rows = np.arange(len(files), dtype=np.int64)[rules.part(split, len(files))]
    return _ClassList(name, list(files), rows, found, tuple(notes))


def _by_the_user(name: str, lister: Lister, split: tuple[float, float] | None) -> _ClassList:
    """What a function of the user's lists; asked for all files, too, it tells the rows."""

    def ask(part: tuple[float, float] | None) -> list[FileName]:
        _, files = lister(search_class=name, split=part)
        return [one if isinstance(one, str) else tuple(one) for one in files]

    files = ask(split)
    if split is None:
        return _ClassList(name, files, np.arange(len(files), dtype=np.int64))
    whole = {file: row for row, file in enumerate(ask(None))}
    for file in files:
        whole.setdefault(file, len(whole))
    rows = np.array([whole[file] for file in files], dtype=np.int64)
    return _ClassList(name, list(whole), rows)


def _joined(directory: str, lists: list[_ClassList], most: int) -> Listing:
    """Class after class; ``rows`` count over all files of all of them."""
    filenames: list[FileName] = []
    rows: list[npt.NDArray[np.int64]] = []
    before = 0
    for one in lists:
        part = one.rows if most < 0 else one.rows[:most]
        filenames.extend(map(one.files.__getitem__, part.tolist()))
        rows.append(part + before)
        before += len(one.files)
    counts = [len(part) for part in rows]
    return Listing(
        directory,
        filenames,
        np.repeat(np.arange(len(lists), dtype=np.int32), counts),
        {one.name: number for number, one in enumerate(lists)},
        np.concatenate(rows) if rows else np.zeros(0, np.int64),
        {one.name: count for one, count in zip(lists, counts, strict=True)},
    )

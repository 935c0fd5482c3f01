"""What there is to sample from, and in which order.

The input is listed once, sorted by path, and a seeded permutation of it says which image is sample
0, 1, 2, …: the same files in any listing order give the same samples.
"""

import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, fs
from pyarrow import parquet as pq

from raydrift import schemas, seeds
from raydrift.errors import CatalogError
from raydrift.place import Place

IMAGE_SUFFIXES: Final = frozenset((
    ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe",
    ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
))  # fmt: skip
"""A file is taken for an image if its name ends so, in upper or lower case."""

_File = tuple[str, int]
_HIDDEN: Final = re.compile(r"(^|/)\.")
_LISTERS: Final = 32
_HASH_ROWS: Final = 100_000


@dataclass(frozen=True)
class Catalog:
    """Every image of the input.

    Attributes:
        root: The folder that paths start from.
        table: ``path`` string, ``class_index`` int32 and ``size`` int64 (bytes; -1 where a manifest
            does not tell), sorted by path.
        classes: The class names, sorted; ``class_index`` counts in them.
        labels: Class name to integer label.
        ignored: Why files were passed over, and how many.
    """

    root: Place
    table: pa.Table
    classes: tuple[str, ...]
    labels: Mapping[str, int]
    ignored: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def digest(self) -> str:
        """SHA-256 of all paths, their classes and file sizes, in order."""
        total = sha256(repr(self.classes).encode())
        for start in range(0, len(self), _HASH_ROWS):
            part = self.table.slice(start, _HASH_ROWS)
            total.update("\0".join(part["path"].to_pylist()).encode())
            total.update(part["class_index"].to_numpy().tobytes())
            total.update(part["size"].to_numpy().tobytes())
        return total.hexdigest()

    def order(self, seed: int, shuffle: bool) -> npt.NDArray[np.int64]:
        """Row of the table by sample id: a permutation of 0..n-1, or 0..n-1 itself."""
        if not shuffle:
            return np.arange(len(self))
        return seeds.generator(seed, seeds.ORDER, 0).permutation(len(self))

    def samples(
        self,
        order: npt.NDArray[np.int64],
        first: int,
        count: int,
        *,
        shard: int,
        first_timestamp: float,
        delta_timestamp: float,
    ) -> pa.Table:
        """What a worker is told of the samples first to first + count - 1 (``schemas.TASK``)."""
        rows = self.table.take(order[first : first + count])
        ids = np.arange(first, first + len(rows))
        index = rows["class_index"].to_numpy()
        labels = np.array([self.labels[name] for name in self.classes], np.int64)
        columns = [
            np.full(len(rows), shard),
            ids,
            first_timestamp + ids * delta_timestamp,
            rows["path"].combine_chunks(),
            pa.array(self.classes, pa.string()).take(index),
            labels[index],
        ]
        return pa.table(columns, schema=schemas.TASK)


def load_catalog(source: str, class_mapping: Mapping[str, int] | None = None) -> Catalog:
    """Lists an input.

    Args:
        source: A folder with one sub-folder a class and images anywhere below it, or a manifest:
            a parquet or CSV file with ``path`` and ``class`` or ``label``. A manifest's paths start
            from its own folder unless they are absolute.
        class_mapping: Class name to integer label, several classes to one label allowed; None:
            the sorted names become 0..C-1, or keep the manifest's labels.

    Raises:
        CatalogError: There is no such input, nothing in it is an image in a class folder, or
            ``class_mapping`` does not name exactly its classes.
    """
    place = Place.of(source)
    try:
        kind = place.info().type
        if kind == fs.FileType.NotFound:
            raise CatalogError(f"input {place} is not there: give a folder or a manifest")
        read = _read_manifest if kind == fs.FileType.File else _list_folder
        return read(place, class_mapping)
    except OSError as error:
        raise CatalogError(f"input {place}: {' '.join(str(error).split())}") from error


def _list_folder(root: Place, class_mapping: Mapping[str, int] | None) -> Catalog:
    lists = _list_local(root.path) if root.is_local else _list_remote(root)
    ignored: dict[str, int] = {}
    kept: dict[str, tuple[pa.Array, pa.Array]] = {}
    for class_name, files in lists:
        paths, sizes = [], []
        for path, size in files:
            reason = _reason_to_ignore(class_name, path)
            if reason:
                ignored[reason] = ignored.get(reason, 0) + 1
            else:
                paths.append(path)
                sizes.append(size)
        if paths:
            kept[class_name] = pa.array(paths, pa.string()), pa.array(sizes, pa.int64())
    if not kept:
        raise CatalogError(_nothing_found(root, ignored))
    classes = tuple(sorted(kept))
    counts = [len(kept[name][0]) for name in classes]
    table = pa.table(
        {
            "path": pa.chunked_array([kept[name][0] for name in classes]),
            "class_index": np.repeat(np.arange(len(classes), dtype=np.int32), counts),
            "size": pa.chunked_array([kept[name][1] for name in classes]),
        }
    )
    labels = class_labels(classes, class_mapping)
    return Catalog(root, _by_path(table), classes, labels, ignored)


def _nothing_found(root: Place, ignored: Mapping[str, int]) -> str:
    if ignored.get(_OUTSIDE):
        return (
            f"input {root} has {ignored[_OUTSIDE]} images but no class folders: "
            "move them into one sub-folder a class, or list them in a manifest"
        )
    seen = f" ({sum(ignored.values())} other files)" if ignored else ""
    return f"input {root} has no images{seen}: give a folder with one sub-folder a class"


_OUTSIDE: Final = "image outside the class folders"
_NO_IMAGE: Final = "not an image by its name"
_NOT_UTF8: Final = "name is not UTF-8"


def _reason_to_ignore(class_name: str, path: str) -> str:
    if os.path.splitext(path)[1].lower() not in IMAGE_SUFFIXES:
        return _NO_IMAGE
    try:
        path.encode()
    except UnicodeEncodeError:
        return _NOT_UTF8
    return "" if class_name else _OUTSIDE


def _list_local(root: str) -> Iterator[tuple[str, list[_File]]]:
    """(class name, files below) of each folder in root; files directly in root have class ''."""
    files: list[_File] = []
    above = (_identity(root),)
    with os.scandir(root) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                yield entry.name, list(_walk(entry.path, entry.name, above))
            elif _is_file(entry):
                files.append((entry.name, -1))
    yield "", files


def _walk(folder: str, below: str, above: tuple[tuple[int, int], ...]) -> Iterator[_File]:
    # Linked folders are followed, but never into one that they lie in.
    here = _identity(folder)
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{below}/{entry.name}"
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                yield from _walk(entry.path, path, (*above, here))
            elif _is_file(entry):
                yield path, _size(entry)


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A file, or a link to what is not there; no pipe, whose reader would wait for ever."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:
        return False


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a dangling link: the worker that opens it says so
        return -1


def _list_remote(root: Place) -> Iterator[tuple[str, list[_File]]]:
    top = root.filesystem.get_file_info(fs.FileSelector(root.path))
    folders = [info for info in top if info.type == fs.FileType.Directory]
    start = len(root.path) + 1 if root.path else 0

    def below(info: fs.FileInfo) -> list[_File]:
        selector = fs.FileSelector(info.path, recursive=True)
        infos = root.filesystem.get_file_info(selector)
        files = ((one.path[start:], one.size) for one in infos if one.type == fs.FileType.File)
        return [(path, size) for path, size in files if not _HIDDEN.search(path)]

    with ThreadPoolExecutor(_LISTERS) as pool:
        yield from zip((info.base_name for info in folders), pool.map(below, folders), strict=True)
    files = [info for info in top if info.type == fs.FileType.File]
    yield "", [(one.base_name, one.size) for one in files if not one.base_name.startswith(".")]


def _read_manifest(place: Place, class_mapping: Mapping[str, int] | None) -> Catalog:
    suffix = os.path.splitext(place.path)[1].lower()
    if suffix not in (".csv", ".parquet"):
        raise CatalogError(
            f"input {place} is a file: give a folder, or a .parquet or .csv manifest"
        )
    try:
        with place.filesystem.open_input_file(place.path) as file:
            text = csv.ConvertOptions(column_types={"path": pa.string(), "class": pa.string()})
            table = (
                csv.read_csv(file, convert_options=text)
                if suffix == ".csv"
                else pq.read_table(file)
            )
        return _check_manifest(place, table, class_mapping)
    except pa.ArrowException as error:
        raise CatalogError(f"manifest {place}: {' '.join(str(error).split())}") from None


def _check_manifest(
    place: Place, table: pa.Table, class_mapping: Mapping[str, int] | None
) -> Catalog:
    names = table.column_names
    if "path" not in names or not {"class", "label"} & set(names):
        raise CatalogError(
            f"manifest {place} has the columns {', '.join(names)}: "
            "it needs path and one of class, label"
        )
    for name in ("path", *({"class", "label"} & set(names))):
        if table[name].null_count:
            row = pc.index(pc.is_null(table[name]), True).as_py()
            raise CatalogError(f"manifest {place}: row {row} has no {name}")
    if not table.num_rows:
        raise CatalogError(f"manifest {place} is empty")
    for name in {"path", "class"} & set(names):
        row = pc.index(pc.binary_length(table[name].cast(pa.string())), 0).as_py()
        if row >= 0:
            raise CatalogError(f"manifest {place}: row {row} has no {name}")
    return _manifest_catalog(place, table, class_mapping)


def _manifest_catalog(
    place: Place, table: pa.Table, class_mapping: Mapping[str, int] | None
) -> Catalog:
    names = table["class" if "class" in table.column_names else "label"].cast(pa.string())
    encoded = names.combine_chunks().dictionary_encode()
    classes = tuple(sorted(encoded.dictionary.to_pylist()))
    rank = {name: index for index, name in enumerate(classes)}
    ranks = np.array([rank[name] for name in encoded.dictionary.to_pylist()], np.int32)
    labels: Mapping[str, int]
    if class_mapping is None and "label" in table.column_names:
        labels = _manifest_labels(place, names, table["label"])
    else:
        labels = class_labels(classes, class_mapping)
    root, paths = _manifest_paths(place, table["path"].cast(pa.string()))
    rows = pa.table(
        {
            "path": paths,
            "class_index": ranks[encoded.indices.to_numpy()],
            "size": np.full(len(paths), -1),
        }
    )
    return Catalog(root, _by_path(rows), classes, labels)


def _manifest_labels(
    place: Place, names: pa.ChunkedArray, labels: pa.ChunkedArray
) -> dict[str, int]:
    if not pa.types.is_integer(labels.type):
        raise CatalogError(
            f"manifest {place}: label is {labels.type}, not an integer: call the column class"
        )
    labels = labels.cast(pa.int64())
    pairs = pa.table({"name": names, "label": labels}).group_by(["name", "label"]).aggregate([])
    found: dict[str, int] = {}
    for name, label in zip(pairs["name"].to_pylist(), pairs["label"].to_pylist(), strict=True):
        if found.setdefault(name, label) != label:
            raise CatalogError(
                f"manifest {place}: class {name!r} has the labels {found[name]} and {label}"
            )
    return found


def _manifest_paths(place: Place, paths: pa.ChunkedArray) -> tuple[Place, pa.ChunkedArray]:
    """Where the manifest's paths start from, and the paths from there."""
    folder, _, _ = place.path.rpartition("/")
    beside = Place(place.filesystem, folder or "/", place.uri.rpartition("/")[0] or ".")
    first = paths[0].as_py()
    scheme, separator, _ = first.partition("://")
    if not separator:
        if pc.any(pc.match_substring(paths, "://")).as_py():
            raise CatalogError(f"manifest {place}: all paths must be without ://, as the first")
        return beside, paths
    prefix = scheme + "://"
    if not pc.all(pc.starts_with(paths, prefix)).as_py():
        raise CatalogError(f"manifest {place}: all paths must start with {prefix}, as the first")
    bucket = first.removeprefix(prefix).partition("/")[0]
    start = prefix + bucket + "/"
    if not pc.all(pc.starts_with(paths, start)).as_py():
        raise CatalogError(f"manifest {place}: all paths must be in one bucket, {start}")
    return Place.of(start), pc.utf8_slice_codeunits(paths, len(start))


def class_labels(classes: tuple[str, ...], mapping: Mapping[str, int] | None) -> dict[str, int]:
    """Class name to label: sorted names to 0..C-1, or as the mapping says.

    Raises:
        CatalogError: The mapping lacks a class or names one that is not there.

    >>> class_labels(("cat", "dog"), None)
    {'cat': 0, 'dog': 1}
    """
    if mapping is None:
        return {name: label for label, name in enumerate(classes)}
    for name in classes:
        if name not in mapping:
            raise CatalogError(f"class_mapping has no label for the class {name!r}")
    for name, label in mapping.items():
        if name not in classes:
            known = ", ".join(map(repr, classes[:20]))
            raise CatalogError(f"class_mapping names an unknown class {name!r}: there are {known}")
        if isinstance(label, bool) or not isinstance(label, int | np.integer):
            raise CatalogError(f"class_mapping gives {name!r} the label {label!r}, not an integer")
        if not -(2**63) <= label < 2**63:
            raise CatalogError(f"class_mapping gives {name!r} the label {label}, beyond 64 bits")
    return {name: int(mapping[name]) for name in classes}


def _by_path(table: pa.Table) -> pa.Table:
    order = pc.sort_indices(table, [("path", "ascending"), ("class_index", "ascending")])
    return table.take(order).combine_chunks()

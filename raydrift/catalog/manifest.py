"""A manifest to a listing: parquet or CSV with ``path`` and ``class`` or ``label``; JSON lines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raydrift.catalog.files import sizes_and_times
from raydrift.catalog.folders import ONE_CLASS
from raydrift.catalog.json_lines import is_json_lines, read_json_lines
from raydrift.catalog.listing import Listing
from raydrift.catalog.repeated import repeated_files
from raydrift.catalog.tables import is_table, not_readable, read_table
from raydrift.errors import CatalogError
from raydrift.paths import StoragePath

_OTHER_NAMES: Final = {
    "path": ("file_name", "filename", "file", "filepath", "file_path", "image", "image_path"),
    "class": ("class_name", "classname", "category", "target"),
    "label": ("labels",),
}
"""How the columns are often called elsewhere; ``file_name``, which is Hugging Face's, is taken."""

_UNLABELLED: Final = "image without a class in the manifest"


def read_manifest(
    place: StoragePath,
    with_labels: bool,
    options: Mapping[str, Any],
    split: str | None = None,
    *,
    classes: bool = True,
) -> Listing:
    """Reads a manifest.

    Args:
        place: The file.
        with_labels: Whether a ``label`` column gives the labels; else it may only name classes.
        options: How the filesystem of paths with a scheme is reached.
        split: Only the rows that have it in the column ``split``; of JSON lines those of this
            ``usage``, in upper or lower case. None: all.
        classes: Whether it tells classes; else all images are of the class ``all``.

    Raises:
        CatalogError: It is no manifest, or not a consistent one.
        OSError: It cannot be read.
    """
    lines = is_json_lines(place)
    if not lines and not is_table(place):
        raise CatalogError(
            f"input {place} is a file: give a folder, or a .parquet, .csv, .manifest or .jsonl "
            "manifest"
        )
    table = read_json_lines(place) if lines else _read_table(place)
    try:
        if split is not None:
            asked, column = (split.upper(), "usage") if lines else (split, "split")
            table = _split(place, table, asked, column)
        ignored = dict[str, int]()
        if not classes:
            table = _of_one_class(table)
        elif lines:
            table, ignored = _labelled_lines(table)
        return replace(_checked(place, table, with_labels, options), ignored=ignored)
    except pa.ArrowException as error:
        raise not_readable("manifest", place, error) from None


def _read_table(place: StoragePath) -> pa.Table:
    table = read_table("manifest", place, ("path", "file_name"), ("class",))
    if "path" not in table.column_names and "file_name" in table.column_names:
        names = ["path" if name == "file_name" else name for name in table.column_names]
        table = table.rename_columns(names)
    return table


def _of_one_class(table: pa.Table) -> pa.Table:
    others = [name for name in table.column_names if name not in ("class", "label")]
    return table.select(others).append_column("class", pa.repeat(ONE_CLASS, len(table)))


def _labelled_lines(table: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """Images with a class; where none has one, all are of one class.

    Returns:
        The images, and how many were left out, by reason.
    """
    lacking = table["class"].null_count
    if lacking == len(table):
        return _of_one_class(table), {}
    if not lacking:
        return table, {}
    return table.filter(table["class"].is_valid()), {_UNLABELLED: lacking}


def _split(place: StoragePath, table: pa.Table, split: str, column: str) -> pa.Table:
    if table.column_names.count(column) > 1:
        raise CatalogError(f"manifest {place} has several columns {column}: keep one")
    if column not in table.column_names:
        raise CatalogError(
            f"manifest {place} has no column {column}, whose {split!r} is asked for: "
            "add it, or leave the split out"
        )
    names = table[column].cast(pa.string())
    table = table.filter(pc.equal(names, split))
    if not table.num_rows:
        there = ", ".join(map(repr, sorted(pc.unique(names.drop_null()).to_pylist())[:20]))
        raise CatalogError(
            f"manifest {place} has no {column} {split!r}: there are {there or 'none'}"
        )
    return table


def _checked(
    place: StoragePath, table: pa.Table, with_labels: bool, options: Mapping[str, Any]
) -> Listing:
    names = table.column_names
    if "path" not in names or not {"class", "label"} & set(names):
        raise CatalogError(
            f"manifest {place} has the columns {', '.join(names)}: "
            f"it needs path and one of class, label{_renaming(names)}"
        )
    for name in ("path", "class", "label"):
        if names.count(name) > 1:
            raise CatalogError(f"manifest {place} has {names.count(name)} columns {name}: keep one")
    for name in ("path", *({"class", "label"} & set(names))):
        column = table[name]
        gaps = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
        if pc.any(gaps).as_py():
            row = pc.index(gaps, True).as_py()
            raise CatalogError(f"manifest {place}: row {row} has no {name}")
    if not table.num_rows:
        raise CatalogError(f"manifest {place} is empty")
    for name in {"path", "class"} & set(names):
        row = pc.index(pc.binary_length(table[name].cast(pa.string())), 0).as_py()
        if row >= 0:
            raise CatalogError(f"manifest {place}: row {row} has no {name}")
    return _listing(place, table, with_labels, options)


def _renaming(names: list[str]) -> str:
    """Which columns seem to be meant, and what to call them."""
    found = []
    for wanted, others in _OTHER_NAMES.items():
        if wanted not in names:
            meant = [name for name in names if name.strip().lower() in (wanted, *others)]
            found += [f"{meant[0]!r} to {wanted}"] if meant else []
    return f": rename {' and '.join(found[:2])}" if found else ""


def _listing(
    place: StoragePath, table: pa.Table, with_labels: bool, options: Mapping[str, Any]
) -> Listing:
    if "label" in table.column_names and (with_labels or "class" not in table.column_names):
        whole = _whole_numbers(place, table, needed=with_labels)
        table = table.set_column(table.column_names.index("label"), "label", whole)
    names = table["class" if "class" in table.column_names else "label"].cast(pa.string())
    encoded = names.dictionary_encode().combine_chunks()
    classes = tuple(sorted(encoded.dictionary.to_pylist()))
    rank = {name: index for index, name in enumerate(classes)}
    ranks = np.array([rank[name] for name in encoded.dictionary.to_pylist()], np.int32)
    labels = None
    if with_labels and "label" in table.column_names:
        labels = labels_of(f"manifest {place}", names, table["label"])
    root, paths = _paths(place, table["path"].cast(pa.large_string()), options)
    index = ranks[encoded.indices.to_numpy()]
    repeated = repeated_files(place, root, paths, index, classes)
    notes = () if repeated is None else (repeated,)
    size, modified = sizes_and_times(root, paths.to_pylist())
    rows = pa.table({"path": paths, "class_index": index, "size": size, "modified": modified})
    return Listing(root, rows, classes, labels, columns=_others(table), notes=notes)


def _others(table: pa.Table) -> pa.Table:
    """What else it tells of images: values, and lists of numbers, as boxes; not images."""
    kinds, names = pa.types, table.column_names
    return table.select(
        [
            item.name
            for item in table.schema
            if item.name not in ("path", "class", "label")
            and names.count(item.name) == 1
            and (not kinds.is_nested(item.type) or _is_of_numbers(item.type))
            and not (kinds.is_binary(item.type) or kinds.is_large_binary(item.type))
        ]
    )


def _is_of_numbers(kind: pa.DataType) -> bool:
    """Whether it is of lists, or of lists of lists, of numbers."""
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    kinds = pa.types
    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_null(kind))


def _whole_numbers(place: StoragePath, table: pa.Table, needed: bool) -> pa.ChunkedArray:
    """The labels as integers; ``1.0``, which pandas makes of them where one was missing, is 1."""
    labels, kinds = table["label"], pa.types
    if kinds.is_dictionary(labels.type):
        labels = labels.cast(labels.type.value_type)
    if kinds.is_integer(labels.type) or kinds.is_boolean(labels.type):
        return labels.cast(pa.int64())
    if kinds.is_floating(labels.type) or kinds.is_decimal(labels.type):
        try:
            return labels.cast(pa.int64())
        except pa.ArrowException:  # one has a fraction
            pass
    if not needed:
        return labels
    remedy = (
        "remove the column, or give whole numbers"
        if "class" in table.column_names
        else "call the column class"
    )
    raise CatalogError(f"manifest {place}: label is {labels.type}, not an integer: {remedy}")


def labels_of(what: str, names: pa.ChunkedArray, labels: pa.ChunkedArray) -> dict[str, int]:
    """The label of each class.

    Args:
        what: Whose they are, for the message.
        names: The class of each row.
        labels: Its label, whole numbers.

    Raises:
        CatalogError: A class has two of them.
    """
    pairs = pa.table({"name": names, "label": labels}).group_by(["name", "label"]).aggregate([])
    found: dict[str, int] = {}
    for name, label in zip(pairs["name"].to_pylist(), pairs["label"].to_pylist(), strict=True):
        if found.setdefault(name, label) != label:
            raise CatalogError(f"{what}: class {name!r} has the labels {found[name]} and {label}")
    return found


def _paths(
    place: StoragePath, paths: pa.ChunkedArray, options: Mapping[str, Any]
) -> tuple[StoragePath, pa.ChunkedArray]:
    """Where the manifest's paths start from, and the paths from there."""
    folder, _, _ = place.path.rpartition("/")
    beside = replace(place, path=folder or "/", uri=place.uri.rpartition("/")[0] or ".")
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
    return StoragePath.of(start, options), pc.utf8_slice_codeunits(paths, len(start))

"""A manifest to a listing: parquet or CSV with ``path`` and ``class`` or ``label``."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from pyarrow import parquet as pq

from raydrift.catalog.files import sizes_and_times
from raydrift.catalog.listing import Listing
from raydrift.errors import CatalogError
from raydrift.place import Place


def read_manifest(place: Place, with_labels: bool, options: Mapping[str, Any]) -> Listing:
    """Reads a manifest.

    Args:
        place: The file.
        with_labels: Whether a ``label`` column gives the labels; else it may only name classes.
        options: How the filesystem of paths with a scheme is reached.

    Raises:
        CatalogError: It is no manifest, or not a consistent one.
        OSError: It cannot be read.
    """
    suffix = os.path.splitext(place.path)[1].lower()
    if suffix not in (".csv", ".parquet"):
        raise CatalogError(
            f"input {place} is a file: give a folder, or a .parquet or .csv manifest"
        )
    try:
        with place.filesystem.open_input_file(place.path) as file:
            text = csv.ConvertOptions(column_types={"path": pa.string(), "class": pa.string()})
            lines = csv.ParseOptions(newlines_in_values=True)
            table = (
                csv.read_csv(file, parse_options=lines, convert_options=text)
                if suffix == ".csv"
                else pq.read_table(file)
            )
        return _checked(place, table, with_labels, options)
    except pa.ArrowException as error:
        raise CatalogError(f"manifest {place}: {' '.join(str(error).split())}") from None


def _checked(
    place: Place, table: pa.Table, with_labels: bool, options: Mapping[str, Any]
) -> Listing:
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
    return _listing(place, table, with_labels, options)


def _listing(
    place: Place, table: pa.Table, with_labels: bool, options: Mapping[str, Any]
) -> Listing:
    names = table["class" if "class" in table.column_names else "label"].cast(pa.string())
    encoded = names.dictionary_encode().combine_chunks()
    classes = tuple(sorted(encoded.dictionary.to_pylist()))
    rank = {name: index for index, name in enumerate(classes)}
    ranks = np.array([rank[name] for name in encoded.dictionary.to_pylist()], np.int32)
    labels = None
    if with_labels and "label" in table.column_names:
        labels = _labels(place, names, table["label"])
    root, paths = _paths(place, table["path"].cast(pa.large_string()), options)
    size, modified = sizes_and_times(root, paths.to_pylist())
    rows = pa.table(
        {
            "path": paths,
            "class_index": ranks[encoded.indices.to_numpy()],
            "size": size,
            "modified": modified,
        }
    )
    return Listing(root, rows, classes, labels, columns=_others(table))


def _others(table: pa.Table) -> pa.Table:
    """The columns that samples can be told apart by: neither bytes, as of images, nor nested."""
    kinds, names = pa.types, table.column_names
    return table.select(
        [
            item.name
            for item in table.schema
            if item.name not in ("path", "class", "label")
            and names.count(item.name) == 1
            and not kinds.is_nested(item.type)
            and not (kinds.is_binary(item.type) or kinds.is_large_binary(item.type))
        ]
    )


def _labels(place: Place, names: pa.ChunkedArray, labels: pa.ChunkedArray) -> dict[str, int]:
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


def _paths(
    place: Place, paths: pa.ChunkedArray, options: Mapping[str, Any]
) -> tuple[Place, pa.ChunkedArray]:
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
    return Place.of(start, options), pc.utf8_slice_codeunits(paths, len(start))

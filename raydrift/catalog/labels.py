"""A file of labels: the class of each image of a folder, by the image's name."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raydrift.catalog.folders import IMAGE_SUFFIXES
from raydrift.catalog.listing import Listing
from raydrift.catalog.manifest import labels_of
from raydrift.catalog.tables import is_table, not_readable, read_table
from raydrift.errors import CatalogError
from raydrift.images.raw.names import CAMERA_SUFFIXES
from raydrift.paths import StoragePath
from raydrift.text import plural

_NAMES: Final = (
    "path", "file_name", "file name", "filename", "file", "filepath", "file_path", "image",
    "image_path", "image_name", "image_id", "name", "id",
)  # fmt: skip
_CLASSES: Final = ("class", "class_name", "classname", "category", "label", "labels", "target")

_SUFFIX: Final = re.compile(
    "(?:" + "|".join(map(re.escape, sorted(IMAGE_SUFFIXES | CAMERA_SUFFIXES))) + ")$", re.IGNORECASE
)

_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")

_Names = list[str]


@dataclass(frozen=True)
class Labels:
    """The classes of images.

    Attributes:
        place: The file that they are from.
        names: The name of each image, as written.
        classes: The class of each.
        labels: Class name to label, where the file has whole numbers; else None.
    """

    place: StoragePath
    names: tuple[str, ...]
    classes: tuple[str, ...]
    labels: Mapping[str, int] | None = None


def read_labels(place: StoragePath) -> Labels:
    """Reads a file of labels.

    A ``.csv`` or ``.parquet`` file has a column of names (``path``, ``file_name``, ``image_id``, …)
    and one of classes (``class``, ``label``, ``category``, …). Any other file has a line an image:
    its name, a space, and its class in one word.

    Raises:
        CatalogError: It is not such a file.
        OSError: It cannot be read.
    """
    if is_table(place):
        table = read_table("labels", place, _NAMES, _CLASSES)
        try:
            return _of_table(place, table)
        except pa.ArrowException as error:
            raise not_readable("labels", place, error) from None
    try:
        lines = place.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise CatalogError(f"labels {place} are not text: save them as UTF-8") from None
    names, classes = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, *word = line.rsplit("\t" if "\t" in line.strip() else None, 1)
        if not word or not name.strip():
            raise CatalogError(
                f"labels {place}: line {number} is {line.strip()!r}: write a name, a space and a "
                "class"
            )
        names.append(name.strip())
        classes.append(word[0].strip())
    return _checked(Labels(place, tuple(names), tuple(classes), _numbers(classes)))


def _of_table(place: StoragePath, table: pa.Table) -> Labels:
    name, kind = (_column(place, table, wanted) for wanted in (_NAMES, _CLASSES))
    names, classes = (_texts(place, table, one) for one in (name, kind))
    labels = _numbers(classes)
    if labels is None and kind != "label" and table.column_names.count("label") == 1:
        told = _texts(place, table, "label")
        if _numbers(told) is not None:
            whole = pa.chunked_array([pa.array(list(map(int, told)))])
            labels = labels_of(f"labels {place}", pa.chunked_array([pa.array(classes)]), whole)
    return _checked(Labels(place, tuple(names), tuple(classes), labels))


def _texts(place: StoragePath, table: pa.Table, column: str) -> list[str]:
    """A column as text; every row has some."""
    if table.column_names.count(column) > 1:
        raise CatalogError(f"labels {place} have several columns {column}: keep one")
    values = table[column]
    gaps = pc.is_null(values, nan_is_null=pa.types.is_floating(values.type))
    texts = values.cast(pa.string())
    gaps = pc.or_(gaps, pc.equal(pc.binary_length(pc.fill_null(texts, "")), 0))
    if pc.any(gaps).as_py():
        row = pc.index(gaps, True).as_py()
        raise CatalogError(f"labels {place}: row {row} has no {column}")
    found: list[str] = texts.to_pylist()
    return found


def _numbers(classes: Sequence[str]) -> dict[str, int] | None:
    """The labels of classes that are whole numbers; None: they are names."""
    distinct = set(classes)
    whole = all(_WHOLE.fullmatch(one) for one in distinct)
    return {one: int(one) for one in distinct} if whole else None


def _column(place: StoragePath, table: pa.Table, wanted: tuple[str, ...]) -> str:
    """The column that is called by the first of some names that there is."""
    there = {name.strip().lower(): name for name in reversed(table.column_names)}
    for name in wanted:
        if name in there:
            return str(there[name])
    raise CatalogError(
        f"labels {place} have the columns {', '.join(table.column_names)}: call the one of names "
        f"{_NAMES[0]}, and the one of classes {_CLASSES[0]}"
    )


def _checked(labels: Labels) -> Labels:
    if not labels.names:
        raise CatalogError(f"labels {labels.place} are empty")
    return labels


def with_labels(listing: Listing, labels: Labels) -> Listing:
    """Gives each image of a folder its class; those without one are left out, and counted.

    Names are the paths of images in the folder, with or without their suffix, or the last parts of
    these paths: whichever finds an image for most names, and of several the most exact.

    Args:
        listing: The images, of whatever classes.
        labels: Their classes.

    Raises:
        CatalogError: No image has a class, one has two, or a name stands for several images.
    """
    paths: _Names = listing.table["path"].to_pylist()
    form, matches = _best_form(paths, labels)
    if not matches:
        raise CatalogError(
            f"labels {labels.place} have no image of {listing.root}: they name {labels.names[0]!r} "
            f"and so on, the images are {min(paths)!r} and so on: write the images' names"
        )
    found = _by_name(form, labels)
    _check_one_image_a_name(form, paths, found, labels)
    kinds = [found.get(form(path)) for path in paths]
    there = np.array([kind is not None for kind in kinds])
    classes = tuple(sorted({kind for kind in kinds if kind is not None}))
    rank = {name: index for index, name in enumerate(classes)}
    index = np.array([rank[kind] for kind in kinds if kind is not None], np.int32)
    table = listing.table.filter(pa.array(there))
    table = table.set_column(table.column_names.index("class_index"), "class_index", [index])
    ignored = dict(listing.ignored)
    if lacking := int((~there).sum()):
        ignored["image without a class in the file of labels"] = lacking
    notes = listing.notes
    if unused := len(found) - len({form(path) for path in paths} & found.keys()):
        notes = (*notes, f"{plural(unused, 'name')} in labels {labels.place} without an image")
    own = None if labels.labels is None else {name: labels.labels[name] for name in classes}
    return replace(listing, table=table, classes=classes, labels=own, ignored=ignored, notes=notes)


def _whole(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")


def _stem(path: str) -> str:
    return _SUFFIX.sub("", _whole(path))


def _last(path: str) -> str:
    return _whole(path).rpartition("/")[2]


def _last_stem(path: str) -> str:
    return _SUFFIX.sub("", _last(path))


_FORMS: Final[tuple[Callable[[str], str], ...]] = (_whole, _stem, _last, _last_stem)
"""What is compared of a path and of a name, the most exact first."""


def _best_form(paths: _Names, labels: Labels) -> tuple[Callable[[str], str], int]:
    """The form by which most names have an image, the most exact of several, and how many do."""
    found = {form: len(set(map(form, labels.names)) & set(map(form, paths))) for form in _FORMS}
    return max(found.items(), key=lambda item: item[1])


def _by_name(form: Callable[[str], str], labels: Labels) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in zip(labels.names, labels.classes, strict=True):
        other = found.setdefault(form(name), kind)
        if other != kind:
            raise CatalogError(
                f"labels {labels.place}: {name!r} is of the classes {other!r} and {kind!r}: "
                "keep one line"
            )
    return found


def _check_one_image_a_name(
    form: Callable[[str], str], paths: _Names, found: Mapping[str, Any], labels: Labels
) -> None:
    seen: dict[str, str] = {}
    for path in paths:
        name = form(path)
        if name in found and name in seen:
            raise CatalogError(
                f"labels {labels.place}: {name!r} stands for {seen[name]} and {path}: "
                "write their whole paths"
            )
        seen[name] = path

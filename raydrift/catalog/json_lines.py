"""A manifest of JSON lines, as ModelArts has them, to a table: a line an image.

``{"source": "cat/1.jpg", "usage": "TRAIN", "annotation": [{"name": "cat",
"type": "modelarts/image_classification"}]}``; keys other than these are passed over.
"""

import io
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa

from raydrift.errors import CatalogError, suggest
from raydrift.paths import StoragePath
from raydrift.text import is_utf8

JSON_LINES_SUFFIXES: Final = (".manifest", ".jsonl")
"""What the names of such manifests end with, in upper or lower case."""

CLASSIFICATION: Final = "modelarts/image_classification"
"""The type of an annotation that tells the class of an image; others are passed over."""

USAGES: Final = ("TRAIN", "EVAL", "TEST", "INFERENCE")
"""What an image is used for."""

SCHEMA: Final = pa.schema(
    [("path", pa.large_string()), ("class", pa.string()), ("usage", pa.string())]
)
"""Of the table; ``class`` is null where an image is not labelled, ``usage`` where none is told."""

_PART: Final = 100_000
_HERE: Final = "file://"
_OBS: Final = "obs://"


def is_json_lines(place: StoragePath) -> bool:
    """Whether a file is a manifest of JSON lines by its name."""
    return os.path.splitext(place.path)[1].lower() in JSON_LINES_SUFFIXES


def read_json_lines(place: StoragePath) -> pa.Table:
    """Reads a manifest of JSON lines.

    Args:
        place: The file, UTF-8; empty lines are passed over.

    Returns:
        A row an image, see ``SCHEMA``.

    Raises:
        CatalogError: A line is no JSON object, or not one of a manifest; the message has its
            number.
        OSError: It cannot be read.
    """
    parts, rows = [], list[tuple[str, str | None, str | None]]()
    for number, line in _lines(place):
        rows.append(_row(f"manifest {place}: line {number}", line))
        if len(rows) == _PART:
            parts.append(_table(rows))
            rows = []
    return pa.concat_tables([*parts, _table(rows)])


def _table(rows: list[tuple[str, str | None, str | None]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        [pa.array(values, kind) for values, kind in zip(columns, SCHEMA.types, strict=True)],
        schema=SCHEMA,
    )


def _lines(place: StoragePath) -> Iterator[tuple[int, str]]:
    try:
        with (
            place.open_here_and_there() as file,
            io.TextIOWrapper(file, encoding="utf-8-sig") as text,
        ):
            for number, line in enumerate(text, 1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError:
        raise CatalogError(f"manifest {place} is not text: save it as UTF-8") from None


def _row(where: str, line: str) -> tuple[str, str | None, str | None]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{where} is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise CatalogError(f'{where} is not a JSON object: write {{"source": PATH, ...}}')
    return _source(where, told), _class(where, told), _usage(where, told)


def _source(where: str, told: Mapping[str, Any]) -> str:
    source = told.get("source")
    if not isinstance(source, str) or not source:
        raise CatalogError(f'{where} has no source: write {{"source": PATH, ...}}')
    if source.startswith(_OBS):
        raise CatalogError(
            f"{where}: source {source!r} is not read as obs://: OBS speaks S3, so write s3://, "
            "and give its endpoint in storage_options"
        )
    if not is_utf8(source):
        raise CatalogError(f"{where}: source {source!r} has signs that are no text: rename it")
    return unquote(source.removeprefix(_HERE)) if source.startswith(_HERE) else source


def _class(where: str, told: Mapping[str, Any]) -> str | None:
    """The class that the one annotation of classification tells; None: there is none."""
    annotations = told.get("annotation")
    if annotations is None:
        return None
    if not isinstance(annotations, list) or not all(isinstance(one, dict) for one in annotations):
        raise CatalogError(f"{where}: annotation is not a list of objects: write it as one")
    found = [one for one in annotations if one.get("type") == CLASSIFICATION]
    if not found:
        return None
    if len(found) > 1:
        raise CatalogError(
            f"{where} has {len(found)} annotations of {CLASSIFICATION}: keep one, an image is of "
            "one class"
        )
    name = found[0].get("name")
    if not isinstance(name, str) or not name or not is_utf8(name):
        raise CatalogError(f"{where}: the annotation's name is {name!r}: write the class's name")
    return name


def _usage(where: str, told: Mapping[str, Any]) -> str | None:
    usage = told.get("usage")
    if usage is None or usage == "":
        return None
    if not isinstance(usage, str) or usage.upper() not in USAGES:
        raise CatalogError(
            f"{where}: usage is {usage!r}: {suggest(str(usage), map(str.lower, USAGES))}"
        )
    return usage.upper()

"""Tables that say something of images: CSV with any usual separator, and parquet."""

import os
from collections.abc import Collection
from typing import Final

import pyarrow as pa
from pyarrow import csv
from pyarrow import parquet as pq

from raydrift.errors import CatalogError
from raydrift.paths import StoragePath

TABLE_SUFFIXES: Final = (".csv", ".tsv", ".parquet")
"""What the names of tables end with, in upper or lower case."""

_SEPARATORS: Final = (",", ";", "\t", "|")
_FIRST_LINE: Final = 2**16


def is_table(place: StoragePath) -> bool:
    """Whether a file is a table by its name."""
    return os.path.splitext(place.path)[1].lower() in TABLE_SUFFIXES


def read_table(
    what: str, place: StoragePath, names: Collection[str], text: Collection[str] = ()
) -> pa.Table:
    """Reads a table.

    Args:
        what: What the file is, for messages, as ``manifest``.
        place: The file.
        names: Columns of which a CSV file has one, in lower case: they are text, and show which
            sign separates the columns.
        text: Other columns that are text.

    Raises:
        CatalogError: It is no such table.
        OSError: It cannot be read.
    """
    try:
        if not place.path.lower().endswith(".parquet"):
            return _read_csv(place, names, text)
        with place.open_here_and_there() as file:
            return pq.read_table(file)
    except pa.ArrowException as error:
        raise not_readable(what, place, error) from None


def not_readable(what: str, place: StoragePath, error: pa.ArrowException) -> CatalogError:
    """What Arrow says of a table, in one line, with the remedy where there is one."""
    said = " ".join(str(error).split())
    remedy = ": save it as UTF-8" if "utf8" in said.lower() else ""
    return CatalogError(f"{what} {place}: {said}{remedy}")


def _read_csv(place: StoragePath, names: Collection[str], text: Collection[str]) -> pa.Table:
    with place.open_here_and_there() as file:
        lines = file.read(_FIRST_LINE).splitlines()
        file.seek(0)
        header = lines[0] if lines else b""
        separator = _separator(header, names)
        columns = _columns(header, separator)
        kinds = {one: pa.string() for one in columns if one.strip().lower() in (*names, *text)}
        return csv.read_csv(
            file,
            parse_options=csv.ParseOptions(newlines_in_values=True, delimiter=separator),
            convert_options=csv.ConvertOptions(column_types=kinds),
        )


def _separator(header: bytes, names: Collection[str]) -> str:
    """What stands between the columns: a comma, unless only another one shows known names."""
    for separator in _SEPARATORS:
        columns = _columns(header, separator)
        if len(columns) > 1 and any(one.strip().lower() in names for one in columns):
            return separator
    return ","


def _columns(header: bytes, separator: str) -> list[str]:
    plain = header.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    return [name.strip('"') for name in plain.split(separator)]

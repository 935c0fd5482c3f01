"""Whether the files of a finished run are whole, as far as a short look can tell.

Sizes alone do not tell: what a disk lost may still have its size. The ends of the zip and the
footers of the tables are read as well, a few kilobytes of each. What is between them is compared
with checksums by ``raydrift inspect``.
"""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.record import RunRecord
from raydrift.storage.zip_reader import DamagedZipError, check_ends, read_end
from raydrift.text import plural

_MAGIC: Final = b"PAR1"
_TAIL_BYTES: Final = 8
_NO_TABLE: Final = "is no whole parquet file"


def find_damage(output: StoragePath, record: RunRecord, names: Mapping[str, int]) -> list[str]:
    """Looks at the files of a finished run.

    Args:
        output: Its folder.
        record: The run's record.
        names: The files that are in the folder, with their sizes.

    Returns:
        What is wrong, each in a few words that begin with the file's name; none: they look whole.

    Raises:
        OSError: A file cannot be read now.
    """
    return [
        f"{name} {damage}"
        for name in layout.RESULTS
        if name in record.files and (damage := _damage(output, record, name, names.get(name)))
    ]


def _damage(output: StoragePath, record: RunRecord, name: str, size: int | None) -> str | None:
    if size is None:
        return "is missing"
    wanted = record.files[name]["size"]
    if size != wanted:
        return f"has {size} bytes, {wanted} were written"
    place = output / name
    with place.open_here_and_there() as file:
        if name == layout.ZIP:
            return _zip_damage(file, record.counts["written"])
        rows = record.counts["rejected" if name == layout.REJECTED else "written"]
        return _table_damage(file, rows)


def _zip_damage(file: pa.NativeFile, members: int) -> str | None:
    try:
        end = read_end(file)
        if end.members != members:
            return f"has {plural(end.members, 'image')}, {members} were written"
        check_ends(file, end)
    except DamagedZipError as error:
        return str(error)
    return None


def _table_damage(file: pa.NativeFile, rows: int) -> str | None:
    size = file.size()
    tail = file.read_at(_TAIL_BYTES, max(0, size - _TAIL_BYTES))
    footer_size = int.from_bytes(tail[:4], "little") + _TAIL_BYTES
    if not tail.endswith(_MAGIC) or footer_size > size or file.read_at(4, 0) != _MAGIC:
        return _NO_TABLE
    footer = file.read_at(footer_size, size - footer_size)
    try:
        found = pq.read_metadata(pa.BufferReader(footer)).num_rows
    except (pa.ArrowException, OSError):  # of bytes that are in memory
        return _NO_TABLE
    return None if found == rows else f"has {plural(found, 'row')}, {rows} were written"

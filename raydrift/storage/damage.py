"""Whether the files of a finished run are whole, as far as a short look can tell.

Sizes alone do not tell: what a disk lost may still have its size. The ends of the files with images
and the footers of the tables are read as well, a few kilobytes of each. What is between them is
compared with checksums by ``raydrift inspect``.
"""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.damaged import DamagedError
from raydrift.storage.finishers.chosen import finisher_of
from raydrift.storage.parallel_map import in_threads
from raydrift.storage.record import JobRecord, load_record
from raydrift.text import plural

_MAGIC: Final = b"PAR1"
_TAIL_BYTES: Final = 8
_NO_TABLE: Final = "is no whole parquet file"
_READERS: Final = 8


def find_damage(output: StoragePath, record: JobRecord, names: Mapping[str, int]) -> list[str]:
    """Looks at the files of a finished run.

    Args:
        output: Its folder.
        record: The run's record.
        names: The files that are in the folder, with their sizes.

    Of a run of views the views are looked at as well.

    Returns:
        What is wrong, each in a few words that begin with the file's name; none: they look whole.

    Raises:
        OSError: A file cannot be read now.
    """
    look = partial(_damage, output, record, names)
    with closing(in_threads(look, record.files, _READERS)) as looked:
        found = [
            f"{name} {damage}" for name, damage in zip(record.files, looked, strict=True) if damage
        ]
    for code in record.views:
        found += _damage_of_view(output, layout.view_folder(code))
    return found


def _damage_of_view(output: StoragePath, name: str) -> list[str]:
    folder = output / name
    try:
        record = load_record(folder)
    except OutputError:
        record = None
    if record is None or record.status != "complete":
        return [f"{name}/{layout.RUN} is not that of a finished view"]
    return [f"{name}/{damage}" for damage in find_damage(folder, record, folder.names())]


def _damage(
    output: StoragePath, record: JobRecord, names: Mapping[str, int], name: str
) -> str | None:
    if name not in names:
        return "is missing"
    size, wanted = names[name], record.files[name]["size"]
    if size != wanted:
        return f"has {size} bytes, {wanted} were written"
    place = output / name
    with place.open_here_and_there() as file:
        if name.endswith(".parquet"):
            rows = record.counts["rejected" if name == layout.REJECTED else "written"]
            rows *= len(record.views) if name == layout.VIEWS else 1
            return _table_damage(file, rows)
        images = int(record.files[name].get("images", record.counts["written"]))
        try:
            finisher_of(record).check_ends(file, images)
        except DamagedError as error:
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

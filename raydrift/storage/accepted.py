"""The shards that a run accepted: these are merged, and no other attempt at them.

What is in ``_shards/`` may change at any time: a worker that was cut off from the run commits late.
So the driver writes down the ledger row of every shard that it accepted, and ``run.json`` keeps the
checksum of that list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa

from raydrift import schemas
from raydrift.errors import OutputError, ShardError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.made_on import made_alike
from raydrift.storage.record import JobRecord, load_record
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import (
    LedgerRow,
    best,
    intact,
    read_attempts,
    remove_other_attempts,
    remove_shards,
)
from raydrift.storage.summary import summarize
from raydrift.storage.views import OneView, views_of
from raydrift.text import plural

_KINDS: Final[dict[Any, pa.DataType]] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    tuple[Remark, ...]: schemas.REMARKS,
}
_SCHEMA: Final = pa.schema([(item.name, _KINDS[item.type]) for item in fields(LedgerRow)])
_ROWS_AT_ONCE: Final = 4_096


def accept(output: StoragePath, record: JobRecord, rows: Sequence[LedgerRow]) -> None:
    """Makes some ledger rows the ones that are merged; the run is ``sharded`` then.

    Of a run of views those of each view are accepted before; a view that accepted the same already
    is left as it is. Other attempts at the shards are deleted.

    Args:
        output: The run's folder.
        record: The record of the run; it is saved.
        rows: The rows of all shards, in order.

    Raises:
        ShardError: A shard of a view is gone.
    """
    for view in views_of(output, record):
        own = _of_view(view, rows)
        there = _same_run(view)
        if there is not None and are_accepted(there, own):
            continue
        of_view = replace(view.record, files=dict(there.files) if there else {})
        summarize(of_view, own)
        accept(view.folder, of_view, own)
    data = _pack(rows)
    (output / layout.SHARDS / layout.ACCEPTED).write_bytes(data)
    record.accepted = {"size": len(data), "sha256": sha256(data).hexdigest()}
    record.status = "sharded"
    record.save(output)
    remove_other_attempts(output, rows)


def read_accepted(output: StoragePath, record: JobRecord) -> list[LedgerRow]:
    """The ledger rows that the run accepted, of all shards in order.

    Raises:
        ShardError: They are gone or altered.
    """
    place = output / layout.SHARDS / layout.ACCEPTED
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        data = b""
    if sha256(data).hexdigest() != record.accepted.get("sha256"):
        raise ShardError(
            f"{place} is gone or was altered since it was written: "
            "run the same generate command again, it looks at all shards"
        )
    return list(_unpack(data))


def are_accepted(record: JobRecord, rows: Sequence[LedgerRow]) -> bool:
    """Whether these ledger rows, of all shards in order, are the ones that a run accepted."""
    return record.accepted.get("sha256") == sha256(_pack(rows)).hexdigest()


def rows_to_merge(output: StoragePath, record: JobRecord) -> list[LedgerRow]:
    """What a merge takes: the accepted shards, in order.

    Of a run that was stopped before it accepted any, the best attempt at each shard.

    Raises:
        ShardError: Some are missing.
    """
    if record.accepted:
        return read_accepted(output, record)
    ledger = best(whole_attempts(output, record, checked=False))
    missing = record.shards - sum(shard in ledger for shard in range(record.shards))
    if missing:
        verb = "is" if missing == 1 else "are"
        raise ShardError(
            f"{output}: {missing} of {plural(record.shards, 'shard')} {verb} missing: "
            "run the same generate command again, it makes what is missing"
        )
    return [ledger[shard] for shard in range(record.shards)]


def rows_there(output: StoragePath, record: JobRecord) -> list[LedgerRow]:
    """The shards of a run whose files are there: the accepted ones, or the best attempts so far."""
    if record.accepted:
        try:
            rows = read_accepted(output, record)
        except ShardError:
            pass
        else:
            sizes = (output / layout.SHARDS).names()
            there = [row for row in rows if sizes.get(row.shard_name) == row.size]
            return _in_all_views(output, record, there)
    attempts = _in_all_views(output, record, read_attempts(output, record.fingerprint))
    return list(best(attempts).values())


def whole_attempts(output: StoragePath, record: JobRecord, checked: bool) -> list[LedgerRow]:
    """The attempts at the shards of a run that are there and whole.

    One at a shard of views is whole if its pictures of each view are.

    Args:
        output: The run's folder.
        record: The run's record.
        checked: Whether all bytes are read to find the altered ones.
    """
    rows = made_alike(read_attempts(output, record.fingerprint), record)
    rows = _in_all_views(output, record, rows)
    if not checked:
        return rows
    for view in views_of(output, record):
        there = read_attempts(view.folder, view.record.fingerprint)
        whole = {row.shard_name for row in intact(view.folder, there)}
        rows = [row for row in rows if row.shard_name in whole]
    return intact(output, rows)


def remove_all_shards(output: StoragePath, record: JobRecord) -> None:
    """Deletes the shards of a run, and those of its views."""
    remove_shards(output)
    for view in views_of(output, record):
        remove_shards(view.folder)


def _in_all_views(output: StoragePath, record: JobRecord, rows: list[LedgerRow]) -> list[LedgerRow]:
    """Those of a run's shards that are in the folder of each view."""
    for view in views_of(output, record):
        names = (view.folder / layout.SHARDS).names().keys()
        rows = [row for row in rows if {row.shard_name, row.ledger_name} <= names]
    return rows


def _same_run(view: OneView) -> JobRecord | None:
    """What ``run.json`` says of these very pictures, if they were begun."""
    try:
        found = load_record(view.folder)
    except OutputError:
        return None
    same = found is not None and found.fingerprint == view.record.fingerprint
    return found if same else None


def _of_view(view: OneView, rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """The ledger rows of a view's shards that were made with those of the run."""
    there = {row.shard_name: row for row in read_attempts(view.folder, view.record.fingerprint)}
    gone = [row.shard_name for row in rows if row.shard_name not in there]
    if gone:
        raise ShardError(
            f"{view.folder / layout.SHARDS / gone[0]} is gone or was altered since it was "
            "written: run the same command again, it redoes this shard"
        )
    return [there[row.shard_name] for row in rows]


def _pack(rows: Sequence[LedgerRow]) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(sink, _SCHEMA, options=options) as writer:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            columns = [
                pa.array([_plain(getattr(row, item.name)) for row in some], item.type)
                for item in _SCHEMA
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=_SCHEMA))
    return bytes(sink.getvalue())


def _plain(value: Any) -> Any:
    """A value of a row as Arrow takes it."""
    return [asdict(remark) for remark in value] if isinstance(value, tuple) else value


def _unpack(data: bytes) -> Iterator[LedgerRow]:
    with pa.ipc.open_file(pa.BufferReader(data)) as reader:
        for number in range(reader.num_record_batches):
            for values in reader.get_batch(number).to_pylist():
                yield LedgerRow.from_dict(values)

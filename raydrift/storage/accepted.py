"""The shards that a run accepted: these are merged, and no other attempt at them.

What is in ``_shards/`` may change at any time: a worker that was cut off from the run commits late.
So the driver writes down the ledger row of every shard that it accepted, and ``run.json`` keeps the
checksum of that list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa

from raydrift import schemas
from raydrift.errors import ShardError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.made_on import made_alike
from raydrift.storage.record import RunRecord
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import (
    LedgerRow,
    best,
    read_attempts,
    read_ledger,
    remove_other_attempts,
)
from raydrift.text import plural

_KINDS: Final[dict[Any, pa.DataType]] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    tuple[Remark, ...]: schemas.REMARKS,
}
_SCHEMA: Final = pa.schema([(item.name, _KINDS[item.type]) for item in fields(LedgerRow)])
_ROWS_AT_ONCE: Final = 4_096


def accept(output: StoragePath, record: RunRecord, rows: Sequence[LedgerRow]) -> None:
    """Makes some ledger rows the ones that are merged; the run is ``sharded`` then.

    Other attempts at the shards are deleted.

    Args:
        output: The run's folder.
        record: The record of the run; it is saved.
        rows: The rows of all shards, in order.
    """
    data = _pack(rows)
    (output / layout.SHARDS / layout.ACCEPTED).write_bytes(data)
    record.accepted = {"size": len(data), "sha256": sha256(data).hexdigest()}
    record.status = "sharded"
    record.save(output)
    remove_other_attempts(output, rows)


def read_accepted(output: StoragePath, record: RunRecord) -> list[LedgerRow]:
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


def rows_to_merge(output: StoragePath, record: RunRecord) -> list[LedgerRow]:
    """What a merge takes: the accepted shards, in order.

    Of a run that was stopped before it accepted any, the best attempt at each shard.

    Raises:
        ShardError: Some are missing.
    """
    if record.accepted:
        return read_accepted(output, record)
    ledger = best(made_alike(read_attempts(output, record.fingerprint), record))
    missing = record.shards - sum(shard in ledger for shard in range(record.shards))
    if missing:
        verb = "is" if missing == 1 else "are"
        raise ShardError(
            f"{output}: {missing} of {plural(record.shards, 'shard')} {verb} missing: "
            "run the same generate command again, it makes what is missing"
        )
    return [ledger[shard] for shard in range(record.shards)]


def rows_there(output: StoragePath, record: RunRecord) -> list[LedgerRow]:
    """The shards of a run whose files are there: the accepted ones, or the best attempts so far."""
    if record.accepted:
        try:
            rows = read_accepted(output, record)
        except ShardError:
            pass
        else:
            sizes = (output / layout.SHARDS).names()
            return [row for row in rows if sizes.get(row.shard_name) == row.size]
    return list(read_ledger(output, record.fingerprint).values())


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

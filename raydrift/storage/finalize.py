"""The merge of a run's shards into the zip and the single tables."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from hashlib import sha256
from time import perf_counter
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from raydrift import schemas
from raydrift.errors import ShardError
from raydrift.place import Place, Sink
from raydrift.storage import layout
from raydrift.storage.record import RunRecord, require_record
from raydrift.storage.shards import LedgerRow, read_ledger, read_rejected, read_shard
from raydrift.storage.zip_writer import ZipWriter

_TABLES: Final = {
    layout.INPUT_MAPPING: schemas.INPUT_MAPPING,
    layout.TARGET: schemas.TARGET,
    layout.EMBEDDINGS: schemas.EMBEDDINGS,
    layout.PROVENANCE: schemas.PROVENANCE,
}
_ROW_GROUP: Final = 16_384
_READERS: Final = 16
_SHARDS_AHEAD: Final = 2
_TABLE_ROW_BYTES: Final = 6_000  # of an embedding and a bit; an upper bound is enough


class HashingSink:
    """Counts and hashes what it passes on; as much of a file as Arrow asks for."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._digest = sha256()
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        """Takes the next bytes."""
        self._sink.write(data)
        self._digest.update(data)
        self.size += memoryview(data).nbytes

    def tell(self) -> int:
        """How many bytes there were."""
        return self.size

    def flush(self) -> None:
        """Nothing waits here."""

    @property
    def facts(self) -> dict[str, int | str]:
        """Size and SHA-256 of all bytes so far."""
        return {"size": self.size, "sha256": self._digest.hexdigest()}


class TableSink:
    """Gathers rows into row groups of one parquet file."""

    def __init__(self, sink: HashingSink, schema: pa.Schema) -> None:
        compression = "NONE" if "embedding" in schema.names else "ZSTD"
        self._writer = pq.ParquetWriter(pa.PythonFile(sink, "w"), schema, compression=compression)
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self._flush()
        self._writer.close()

    def add(self, table: pa.Table) -> None:
        """Adds those columns of the table that the schema names."""
        self._waiting.append(table.select(self._schema.names).cast(self._schema))
        self._rows += table.num_rows
        while self._rows >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        """Writes one row group; where it ends does not depend on the shards."""
        waiting = pa.concat_tables(self._waiting or [self._schema.empty_table()])
        if len(waiting):
            self._writer.write_table(waiting.slice(0, _ROW_GROUP).combine_chunks())
        self._waiting = [waiting.slice(_ROW_GROUP)]
        self._rows = len(self._waiting[0])


def finalize(
    output: Place,
    *,
    keep_shards: bool = False,
    on_shard: Callable[[LedgerRow], None] | None = None,
    check: Callable[[], None] = lambda: None,
) -> RunRecord:
    """Merges the shards of a run, in order of sample ids, and marks the run complete.

    Every file is written aside and moved into place; the same shards give the same zip, byte for
    byte. A run that is complete already is left as it is.

    Args:
        output: The run's folder, locked by the caller.
        keep_shards: Whether ``_shards/`` stays.
        on_shard: Called after each shard.
        check: Called before whatever cannot be taken back; raises if the lock was lost.

    Raises:
        OutputError: There is no run, or it cannot be written.
        ShardError: Some of its shards are missing or altered.
    """
    record = require_record(output)
    if record.status == "complete":
        return record
    ledger = read_ledger(output, record.fingerprint)
    missing = record.shards - sum(shard in ledger for shard in range(record.shards))
    if missing:
        raise ShardError(
            f"{output}: {missing} of {record.shards} shards are missing: "
            "run the same generate command again, it makes what is missing"
        )
    rows = [ledger[shard] for shard in range(record.shards)]
    start = perf_counter()
    output.remove_unfinished((*layout.RESULTS, layout.RUN, layout.LOCK))
    record.files = _merge(output, record, rows, on_shard, check)
    record.files[layout.REJECTED] = write_rejected(output, rows)
    record.timings["finalize"] = round(perf_counter() - start, 3)
    record.counts = count(rows)
    record.status = "complete"
    check()
    record.save(output)
    if not keep_shards:
        check()
        with suppress(OSError):  # the result is whole; the same command clears them away
            (output / layout.SHARDS).delete()
    return record


def write_rejected(output: Place, rows: list[LedgerRow]) -> dict[str, int | str]:
    """Writes ``rejected.parquet`` from the ledger entries of the shards; returns its facts."""
    with ThreadPoolExecutor(_READERS) as pool:
        lists = pool.map(
            lambda row: read_rejected(output, row.shard), (row for row in rows if row.rejected)
        )
        rejected = [vars(one) for images in lists for one in images]
    table = pa.Table.from_pylist(rejected, schema=schemas.REJECTED)
    with (output / layout.REJECTED).writing() as file:
        sink = HashingSink(file)
        with TableSink(sink, schemas.REJECTED) as writer:
            writer.add(table)
    return sink.facts


def count(rows: list[LedgerRow]) -> dict[str, int]:
    """The sums over the shards that ``run.json`` tells."""
    return {
        "asked": sum(row.asked for row in rows),
        "written": sum(row.written for row in rows),
        "rejected": sum(row.rejected for row in rows),
        "image_bytes": sum(row.image_bytes for row in rows),
    }


def _merge(
    output: Place,
    record: RunRecord,
    rows: list[LedgerRow],
    on_shard: Callable[[LedgerRow], None] | None,
    check: Callable[[], None],
) -> dict[str, dict[str, int | str]]:
    names = [layout.ZIP, *_TABLES]
    if not record.has_embeddings:
        names.remove(layout.EMBEDDINGS)
    size = sum(row.size for row in rows)
    table_size = min(size, _TABLE_ROW_BYTES * sum(row.written for row in rows))
    with ExitStack() as stack:
        sinks = {
            name: HashingSink(
                stack.enter_context(
                    (output / name).writing(size if name == layout.ZIP else table_size)
                )
            )
            for name in names
        }
        archive = stack.enter_context(ZipWriter(sinks[layout.ZIP]))
        tables = [
            stack.enter_context(TableSink(sinks[name], schema))
            for name, schema in _TABLES.items()
            if name in sinks
        ]
        for row, shard in _read_ahead(output, rows):
            for name, image in _members(shard):
                archive.add(name, image)
            for table in tables:
                table.add(shard)
            if on_shard is not None:
                on_shard(row)
        check()
    return {name: sink.facts for name, sink in sinks.items()}


def _read_ahead(output: Place, rows: list[LedgerRow]) -> Iterator[tuple[LedgerRow, pa.Table]]:
    """The shards in order; the next ones are read and checked while one is merged."""
    waiting: deque[tuple[LedgerRow, Future[pa.Table]]] = deque()
    with ThreadPoolExecutor(_SHARDS_AHEAD) as pool:
        for row in rows:
            waiting.append((row, pool.submit(read_shard, output, row)))
            if len(waiting) > _SHARDS_AHEAD:
                first, shard = waiting.popleft()
                yield first, shard.result()
        for first, shard in waiting:
            yield first, shard.result()


def _members(shard: pa.Table) -> Iterator[tuple[str, memoryview]]:
    for batch in shard.select(["file_name", "image"]).to_batches():
        contents = batch["image"].field("bytes")
        for place, name in enumerate(batch["file_name"].to_pylist()):
            yield name, memoryview(contents[place].as_buffer())

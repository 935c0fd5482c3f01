"""The merged tables on their way to disk."""

from hashlib import sha256
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from raydrift import schemas
from raydrift.paths import Sink

_ROW_GROUP: Final = 16_384


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
        for field in schemas.RAW:  # which shards of an earlier version lack
            if field.name in self._schema.names and field.name not in table.column_names:
                table = table.append_column(field, pa.nulls(len(table), field.type))
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


def parquet_bytes(table: pa.Table) -> bytes:
    """A small table as a parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())

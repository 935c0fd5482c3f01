"""The merge of a run of views: each view in its folder, and one table over all of them."""

from collections.abc import Callable, Sequence
from itertools import repeat

import pyarrow as pa

from raydrift import schemas
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.damage import find_damage
from raydrift.storage.merge import Facts
from raydrift.storage.record import JobRecord, require_record
from raydrift.storage.shards import LedgerRow, open_shard
from raydrift.storage.tables import HashingSink, TableSink
from raydrift.storage.views import views_of


def merge_views(
    output: StoragePath,
    record: JobRecord,
    rows: Sequence[LedgerRow],
    finish: Callable[[StoragePath], JobRecord],
) -> dict[str, Facts]:
    """Merges each view, and writes ``views.parquet``.

    Args:
        output: The run's folder.
        record: The run's record.
        rows: The run's shards, in order; the views accepted theirs.
        finish: Merges the shards in the folder of a view; one that is complete is left as it is.

    Returns:
        What there is to know of the table, by its name.
    """
    for view in views_of(output, record):
        there = require_record(view.folder)
        lost = there.status == "complete" and find_damage(view.folder, there, view.folder.names())
        if lost:
            there.status = "sharded"
            there.save(view.folder)
        finish(view.folder)
    return {layout.VIEWS: _write_table(output, record.views, rows)}


def _write_table(output: StoragePath, views: Sequence[str], rows: Sequence[LedgerRow]) -> Facts:
    """Writes ``views.parquet``, a shard at a time; returns its facts."""
    with (output / layout.VIEWS).writing() as file:
        sink = HashingSink(file)
        with TableSink(sink, schemas.VIEWS) as table:
            for row in rows:
                table.add(_of_all_views(open_shard(output, row).read(), views))
    return sink.facts


def _of_all_views(samples: pa.Table, views: Sequence[str]) -> pa.Table:
    """Each sample once for each view; those of a sample are together."""
    count = samples.num_rows
    each = [place for place in range(count) for _ in views]
    folders = [layout.view_folder(code) for code in views]
    table = samples.take(pa.array(each, pa.int64()))
    for name, values in {"view": views, "folder": folders}.items():
        column = [value for of_sample in repeat(values, count) for value in of_sample]
        table = table.append_column(name, pa.array(column, pa.string()))
    return table

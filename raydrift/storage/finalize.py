"""The merge of a run's shards into the zip and the single tables."""

from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from time import perf_counter
from typing import Final

from raydrift import schemas
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.accepted import accept, rows_to_merge
from raydrift.storage.crc32 import combine
from raydrift.storage.damage import find_damage
from raydrift.storage.listing import pack
from raydrift.storage.parallel_map import ParallelMap, in_threads
from raydrift.storage.record import RunRecord, require_record
from raydrift.storage.rejected import check_before_merge_alone, write_rejected
from raydrift.storage.shards import LedgerRow, remove_other_attempts, remove_shards
from raydrift.storage.summary import summarize
from raydrift.storage.tables import HashingSink, TableSink
from raydrift.storage.zip_directory import ZipDirectory
from raydrift.storage.zip_layout import PART_BYTES, ZipLayout, plan_zip
from raydrift.storage.zip_part import fill_part
from raydrift.storage.zip_room import check_before_merge

_TABLES: Final = {
    layout.INPUT_MAPPING: schemas.INPUT_MAPPING,
    layout.TARGET: schemas.TARGET,
    layout.EMBEDDINGS: schemas.EMBEDDINGS,
    layout.PROVENANCE: schemas.PROVENANCE,
}
_TABLE_ROW_BYTES: Final = 6_000  # of an embedding and a bit; an upper bound is enough


def finalize(
    output: StoragePath,
    *,
    keep_shards: bool = False,
    accept_rejected: bool = False,
    on_shard: Callable[[LedgerRow], None] | None = None,
    check: Callable[[], None] = lambda: None,
    parallel_map: ParallelMap = in_threads,
    part_bytes: int = PART_BYTES,
) -> RunRecord:
    """Merges the shards of a run, in order of sample ids, and marks the run complete.

    Those are the shards that the run accepted, whatever else is in ``_shards/``.
    The zip is filled by several writers side by side, each a part of it. Every file is written
    aside and moved into place; the same samples give the same zip, byte for byte. A run that is
    complete already is left as it is.

    Args:
        output: The run's folder, locked by the caller.
        keep_shards: Whether ``_shards/`` stays.
        accept_rejected: Whether images that could not be used or read are left out, however many;
            else the run's own limits hold, and none may be unread.
        on_shard: Called after each shard.
        check: Called before whatever cannot be taken back; raises if the lock was lost.
        parallel_map: Runs the writers of the parts, where their filesystem takes several at once.
        part_bytes: How many bytes of the zip a writer fills at a time, at least; 5 MiB on S3.

    Raises:
        OutputError: There is no run, or it cannot be written.
        RejectedError: Too many images could not be used, or some could not be read; the shards are
            kept.
        ShardError: Some of its shards are missing or altered.
    """
    record = require_record(output)
    if record.status == "complete":
        if damage := find_damage(output, record, output.names()):
            raise OutputError(
                f"{output} was complete, but {'; '.join(damage)}: "
                "run the same generate command again, it makes what is missing"
            )
        return record
    rows = rows_to_merge(output, record)
    if not accept_rejected:
        check_before_merge_alone(output, rows, record.settings["faults"])
    if not record.accepted:
        check()
        accept(output, record, rows)
    start = perf_counter()
    output.remove_unfinished((*layout.RESULTS, layout.RUN))
    plan = plan_zip(rows, part_bytes)
    check_before_merge(output, plan)
    record.files = _merge(output, record, plan, on_shard, check, parallel_map)
    record.files[layout.REJECTED] = write_rejected(output, rows)
    record.timings["finalize"] = round(perf_counter() - start, 3)
    summarize(record, rows)
    record.listing = pack([row.listing for row in rows])
    record.status = "complete"
    check()
    record.save(output)
    check()
    with suppress(OSError):  # the result is whole; the same command clears them away
        if keep_shards:
            remove_other_attempts(output, rows)
        else:
            remove_shards(output)
    return record


def _merge(
    output: StoragePath,
    record: RunRecord,
    plan: ZipLayout,
    on_shard: Callable[[LedgerRow], None] | None,
    check: Callable[[], None],
    parallel_map: ParallelMap,
) -> dict[str, dict[str, int | str]]:
    tables = {
        name: schema
        for name, schema in _TABLES.items()
        if name != layout.EMBEDDINGS or record.has_embeddings
    }
    table_size = _TABLE_ROW_BYTES * plan.count
    with ExitStack() as stack:
        sinks = {
            name: HashingSink(stack.enter_context((output / name).writing(table_size)))
            for name in tables
        }
        writers = [
            stack.enter_context(TableSink(sinks[name], schema)) for name, schema in tables.items()
        ]
        place = output / layout.ZIP
        file = stack.enter_context(place.writing_parts(plan.size, len(plan.parts)))
        directory = ZipDirectory(file, plan)
        work = partial(fill_part, output, file.writer)
        parallel_map = parallel_map if file.anywhere else in_threads
        crc = 0
        with closing(parallel_map(work, plan.parts, file.at_once)) as done:
            for part, filled in zip(plan.parts, done, strict=True):
                check()
                file.take(filled.result)
                directory.add(filled.directory)
                crc = combine(crc, filled.crc, part.size)
                for shard in filled.shards:
                    for writer in writers:
                        writer.add(shard)
                if on_shard is not None:
                    for row in part.rows:
                        on_shard(row)
        crc = directory.close(crc)
        check()
    zip_facts: dict[str, int | str] = {"size": plan.size, "crc32": f"{crc:08x}"}
    return {layout.ZIP: zip_facts} | {name: sink.facts for name, sink in sinks.items()}

"""A run's last step: its shards become its result, in the way that a finisher knows."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import perf_counter

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.accepted import accept, remove_all_shards, rows_to_merge
from raydrift.storage.damage import find_damage
from raydrift.storage.finishers.chosen import asks, check_shards_for, finisher_of
from raydrift.storage.finishers.finisher import Finisher, PlannedFile
from raydrift.storage.listing import pack
from raydrift.storage.merge import merge
from raydrift.storage.merge_views import merge_views
from raydrift.storage.parallel_map import ParallelMap, in_threads
from raydrift.storage.record import JobRecord, require_record
from raydrift.storage.rejected import check_before_merge_alone, write_rejected
from raydrift.storage.shards import LedgerRow, remove_other_attempts
from raydrift.storage.summary import summarize
from raydrift.storage.zip_layout import PART_BYTES


def finalize(
    output: StoragePath,
    *,
    finisher: Finisher | None = None,
    keep_shards: bool = False,
    accept_rejected: bool = False,
    on_shard: Callable[[LedgerRow], None] | None = None,
    check: Callable[[], None] = lambda: None,
    parallel_map: ParallelMap = in_threads,
    part_bytes: int = PART_BYTES,
) -> JobRecord:
    """Merges the shards of a run, in order of sample ids, and marks the run complete.

    Those are the shards that the run accepted, whatever else is in ``_shards/``.
    The files with the images are filled by several writers side by side, each a part of one. Every
    file is written aside and moved into place; the same samples give the same files, byte for byte.

    Of a run of views each view is merged in its folder, and ``views.parquet`` is written. All
    shards stay until all views are there; a view that is complete with them is left as it is.

    A run that is complete already is left as it is, unless it is to be finished in another way:
    then the new files take the place of the old ones, and the shards, which were kept, stay.

    Args:
        output: The run's folder, locked by the caller.
        finisher: What the images are put into; None: what the run's own settings say.
        keep_shards: Whether ``_shards/`` stays.
        accept_rejected: Whether images that could not be used or read are left out, however many;
            else the run's own limits hold, and none may be unread.
        on_shard: Called after each shard.
        check: Called before whatever cannot be taken back; raises if the lock was lost.
        parallel_map: Runs the writers of the parts, where their filesystem takes several at once.
        part_bytes: How many bytes of a file a writer fills at a time, at least; 5 MiB on S3.

    Raises:
        OutputError: There is no run, or it cannot be written, or it is complete in another way and
            its shards are gone.
        RejectedError: Too many images could not be used, or some could not be read; the shards are
            kept.
        ShardError: Some of its shards are missing or altered.
    """
    record = require_record(output)
    finisher = finisher or finisher_of(record)
    was_complete = record.status == "complete"
    if was_complete and finisher != finisher_of(record):
        check_shards_for(output, record, finisher)
    elif was_complete:
        if damage := find_damage(output, record, output.names()):
            raise OutputError(
                f"{output} was complete, but {'; '.join(damage)}: "
                "run the same generate command again, it makes what is missing"
            )
        return record
    rows = rows_to_merge(output, record)
    if not accept_rejected and not was_complete:
        check_before_merge_alone(output, rows, record.settings["faults"])
    if not record.accepted:
        check()
        accept(output, record, rows)
    start = perf_counter()
    ours = (*layout.RESULTS, layout.IMAGE_INDEX, layout.VIEWS, layout.RUN)
    output.remove_unfinished(ours, layout.NUMBERED)
    if record.views:
        _begin(output, record, finisher, (), check)
        earlier = list[str]()
        finish = partial(
            finalize,
            finisher=finisher,
            keep_shards=True,
            accept_rejected=True,  # they were looked at
            on_shard=on_shard,
            check=check,
            parallel_map=parallel_map,
            part_bytes=part_bytes,
        )
        record.files = merge_views(output, record, rows, finish)
    else:
        planned = finisher.plan(finisher.measured(output, rows, parallel_map), part_bytes)
        finisher.check_before_merge(output, planned)
        earlier = _begin(output, record, finisher, planned, check)
        record.files = merge(output, record, finisher, planned, on_shard, check, parallel_map)
    record.files[layout.REJECTED] = write_rejected(output, rows)
    record.timings["finalize"] = round(perf_counter() - start, 3)
    summarize(record, rows)
    record.listing = pack([row.listing for row in rows])
    record.status = "complete"
    check()
    if stale := {*earlier} - record.files.keys():
        output.delete_files(sorted(stale))
    record.save(output)
    check()
    with suppress(OSError):  # the result is whole; the same command clears them away
        if keep_shards or was_complete:
            remove_other_attempts(output, rows)
        else:
            remove_all_shards(output, record)
    return record


def _begin(
    output: StoragePath,
    record: JobRecord,
    finisher: Finisher,
    planned: Sequence[PlannedFile],
    check: Callable[[], None],
) -> list[str]:
    """Notes what a merge is going to write, so that all of it is known to be the run's.

    Of several files each appears when it is whole, and what an earlier merge made goes when all of
    the new ones are there: whoever comes after a merge that was killed has to know both. A zip
    appears with the tables.

    Returns:
        The files that may be there, whoever merged them.
    """
    whole = (None, layout.ZIP, layout.MASKS)
    numbered = [file.name for file in planned if file.name not in whole]
    record.files |= {str(name): {} for name in numbered if name not in record.files}
    record.settings["write"] |= asks(finisher)
    if record.files:
        check()
        record.status = "sharded"
        record.save(output)
    return list({*record.files, layout.ZIP, *(file.name for file in planned if file.name)})

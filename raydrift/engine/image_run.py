"""A run that writes images, from the look at its folder to the merged result."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from raydrift.catalog import Catalog
from raydrift.engine.begun import gains, shard_size
from raydrift.engine.changes import InputNow, changes_of_results, note_listing
from raydrift.engine.cluster_map import cluster_map
from raydrift.engine.identity import identity_defaults
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.jobs.job import Job
from raydrift.engine.jobs.job_log import JobLog
from raydrift.engine.jobs.maker import InputChanges, ShardMaker, changes_note
from raydrift.engine.jobs.progress import RunProgress
from raydrift.engine.jobs.telemetry import telemetry
from raydrift.engine.reports import damage_reporter, report_input, wait_reporter
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.output import OutputSettings
from raydrift.storage import layout
from raydrift.storage.accepted import remove_all_shards, rows_there
from raydrift.storage.finalize import finalize
from raydrift.storage.finishers.chosen import finisher_for, finisher_of
from raydrift.storage.lock import OutputLock
from raydrift.storage.output import (
    can_make_some_again,
    clear,
    failing_as_output,
    find_run,
    made_folder,
)
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow


class ImageMaker(ShardMaker, Protocol):
    """Makes shards of the images of a catalog."""

    @property
    def input_now(self) -> InputNow:
        """The files of the shards, as they are listed now."""


@dataclass(frozen=True)
class ImageRun:
    """What is known of a run before its folder is looked at.

    Attributes:
        settings: Its settings, with all that was found beside them.
        catalog: The input.
        output: The folder to write.
        samples: How many samples it has.
        identity: All that its bytes depend on; ``views``: the codes of the views that it makes.
        shown: Its settings as ``run.json`` shows them.
        notes: Plain sentences for ``run.json``.
        ranges_found: The value ranges that were found in the input, not given.
        maker: What makes its shards, by the samples of a shard.
    """

    settings: GenerateSettings
    catalog: Catalog
    output: StoragePath
    samples: int
    identity: dict[str, Any]
    shown: dict[str, Any]
    notes: Sequence[str]
    ranges_found: Mapping[str, list[float]]
    maker: Callable[[int], ImageMaker]

    @property
    def folders(self) -> list[StoragePath]:
        """Where its images go."""
        views = self.identity.get("views", ())
        return [self.output / layout.view_folder(code) for code in views] or [self.output]


def carry_out(run: ImageRun, clock: Clock, quiet: bool = False) -> JobRecord:
    """Makes the images of a run, or what is missing of them.

    Args:
        run: The run.
        clock: Was started with the run.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        RaydriftError: As ``generate``.
    """
    with locked_output(run.output, quiet) as lock:
        report_input(run.catalog, quiet)
        return make_images(run, lock, clock, quiet)


@contextmanager
def locked_output(output: StoragePath, quiet: bool = False) -> Iterator[OutputLock]:
    """Makes a run's folder, if it is not there, and locks it.

    Raises:
        OutputError: It cannot be made, or written.
        LockedError: Another run is at work on it.
    """
    with (
        made_folder(output),
        failing_as_output(output),
        OutputLock(output, tell=wait_reporter(quiet)) as lock,
    ):
        yield lock


def make_images(run: ImageRun, lock: OutputLock, clock: Clock, quiet: bool = False) -> JobRecord:
    """Makes the images of a run in a folder that is locked, see ``carry_out``."""
    settings, output, samples, notes = run.settings, run.output, run.samples, run.notes
    write = settings.write
    tell = damage_reporter(quiet)
    found = find_run(output, run.identity, write.overwrite, tell, identity_defaults)
    clock.end_phase("list")
    if found is not None and write.finalize:
        found = _in_container(found, settings, output, lock)
    if found is not None and gains(found, settings, output, run.catalog.root):
        found = None
    if write.finalize and found is None:
        for folder in run.folders:
            finisher_for(write).check_before_run(folder, samples, settings.image)
    pictures = len(run.folders)
    size = found.shard_size if found else shard_size(settings, samples, pictures)
    maker = run.maker(size)
    if found is not None and found.status == "complete":
        changes = changes_of_results(run.folders[0], found, maker.input_now)
        lock.check()  # it may have taken hours
        if not changes.files:
            _still_complete(found, changes, settings, output)
            JobLog(found, output).end(found, clock.total)
            return found
        if not can_make_some_again(output, found):
            notes = [*notes, changes_note(changes, found.shards, kept=False)]
            remove_all_shards(output, found)  # results stay until others take their place
    record = JobRecord(
        identity=found.identity if found else run.identity,
        settings=run.shown,
        shard_size=size,
        samples=samples,
        classes=dict(run.catalog.labels),
        made_on=dict(found.made_on) if found else {},
        ranges_found=dict(run.ranges_found),
        ignored=dict(run.catalog.ignored),
        files=dict(found.files) if found else {},
        notes=list(dict.fromkeys([*(found.notes if found else ()), *notes])),
    )
    job = Job(record, output, maker, settings.faults, lock, clock, quiet=quiet)
    with job.log.ending():
        if found is None:
            job.begin(partial(clear, output, write.overwrite, record.views))
        else:
            job.resume(checked=not write.finalize)
        merge = partial(_merged, record, output, write, job.log, lock.check, quiet)
        merged = job.finish(merge if write.finalize else lambda _: record)
        job.log.end(merged, clock.total)
        return merged


def _merged(
    record: JobRecord,
    output: StoragePath,
    write: OutputSettings,
    log: JobLog,
    check: Callable[[], None],
    quiet: bool,
    _: list[LedgerRow],
) -> JobRecord:
    """Merges the shards that the record accepted; returns what ``run.json`` says then."""
    log.merge()
    asked = record.counts["asked"]
    images = asked * max(len(record.views), 1)
    with (
        telemetry(record, asked) as told,
        RunProgress(images, label="merging", quiet=quiet, run=record.short_id) as progress,
    ):

        def merged(row: LedgerRow) -> None:
            progress.add(row)
            told.merge(row)

        return finalize(
            output,
            keep_shards=write.keep_shards,
            accept_rejected=True,  # they were looked at
            on_shard=merged,
            check=check,
            parallel_map=cluster_map(),
        )


def _still_complete(
    found: JobRecord, changes: InputChanges, settings: GenerateSettings, output: StoragePath
) -> None:
    """Remembers files that were merely written again, and clears away what is left of shards."""
    if changes.listing:
        note_listing(found, changes.listing)
        found.save(output)
    if not settings.write.keep_shards:
        with suppress(OSError):  # a run that was killed at its very end left them
            remove_all_shards(output, found)


def _in_container(
    found: JobRecord, settings: GenerateSettings, output: StoragePath, lock: OutputLock
) -> JobRecord | None:
    """A finished run in the container that is asked for; None: it is to be made again for that.

    Raises:
        OutputError: It is in another one, and its shards, which it could be made of, are gone.
    """
    asked = finisher_for(settings.write)
    if found.status != "complete" or asked == finisher_of(found):
        return found
    if settings.write.overwrite and len(rows_there(output, found)) < found.shards:
        return None
    return finalize(output, finisher=asked, check=lock.check, parallel_map=cluster_map())

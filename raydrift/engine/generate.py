"""One run of the generator, from the input to the merged result."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from raydrift.calibrate.profile import calibrated
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import Stream
from raydrift.catalog.value_range import with_value_range
from raydrift.embed.weights import find_weights
from raydrift.engine.changes import changes_of_results, note_listing
from raydrift.engine.cluster_map import cluster_map
from raydrift.engine.data.tasks import notes_of, run_samples
from raydrift.engine.drifted_shards import DriftedShards
from raydrift.engine.identity import identity_defaults, run_identity, shown
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.jobs.job import Job
from raydrift.engine.jobs.job_log import JobLog
from raydrift.engine.jobs.maker import InputChanges, changes_note
from raydrift.engine.jobs.progress import RunProgress
from raydrift.engine.jobs.telemetry import telemetry
from raydrift.engine.plan import choose_shard_size
from raydrift.engine.reports import damage_reporter, report_input, wait_reporter
from raydrift.engine.session import connect, free_resources, may_grow
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.output import OutputSettings
from raydrift.settings.ranges import Range
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there
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
from raydrift.storage.record import JobRecord, load_record
from raydrift.storage.shards import LedgerRow, remove_shards
from raydrift.storage.unread import is_any_readable_now

# Workers that a cluster without a node yet is taken to come to.
_COMING = 64


def generate(
    settings: GenerateSettings,
    *,
    catalog: Catalog | None = None,
    notes: Sequence[str] = (),
    quiet: bool = False,
) -> JobRecord:
    """Makes a drifted image set, or what is missing of one.

    Args:
        settings: The run's settings.
        catalog: The input, if it is listed already.
        notes: Plain sentences for ``run.json``.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        CatalogError: The input is not there or empty.
        SettingsError: More samples are asked for than the input has.
        OutputError: The output holds another run, or cannot be written.
        LockedError: Another run is at work on the output.
        WeightsError: The network's weights cannot be found.
        ResourcesError: Ray has too few CPUs or GPUs.
        RejectedError: Too many images could not be used; the shards are kept.
        PipelineError: A worker failed; what is finished is kept.
    """
    clock = Clock()
    catalog = catalog or catalog_of(settings)
    if settings.write.organize_by_class:
        layout.check_class_folders(catalog.classes)
    samples, ended_by = run_samples(settings, catalog)
    output = StoragePath.of(settings.output, settings.options_of("output"))
    listed = catalog.digest()
    given = settings.image.value_range
    settings, ranges = with_value_range(
        settings, catalog, partial(_ranges_found, output, listed, settings)
    )
    weights = None
    if settings.embedding.compute:
        name = settings.embedding.weights
        weights = find_weights(name, settings.seed, settings.options_of("weights"))
    digest = weights.digest if weights else None
    if settings.calibration.profile is not None:
        settings, told = calibrated(settings, listed, digest)
        notes = [*notes, *told]
    stream = Stream.of(settings, catalog)
    notes = [*notes, *catalog.notes, *ranges, *notes_of(settings, stream, samples, ended_by)]
    catalog = replace(catalog, columns=None)  # workers have no use for them
    identity = run_identity(settings, samples, listed, digest)
    identity |= {"classes": dict(catalog.labels)} | stream.identity(settings)
    report = wait_reporter(quiet)
    with (
        made_folder(output),
        failing_as_output(output),
        OutputLock(output, tell=report) as lock,
    ):
        report_input(catalog, quiet)
        found = find_run(
            output, identity, settings.write.overwrite, damage_reporter(quiet), identity_defaults
        )
        clock.end_phase("list")
        if found is not None and settings.write.finalize:
            found = _in_container(found, settings, output, lock)
        if found is not None and _gains(found, settings, output, catalog.root):
            found = None
        if settings.write.finalize and found is None:
            finisher_for(settings.write).check_before_run(output, samples, settings.image)
        size = found.shard_size if found else shard_size(settings, samples)
        maker = DriftedShards(
            settings, catalog, output, samples, size, stream.where, stream.schedule, weights
        )
        if found is not None and found.status == "complete":
            changes = changes_of_results(output, found, maker.input_now)
            lock.check()  # it may have taken hours
            if not changes.files:
                _still_complete(found, changes, settings, output)
                JobLog(found, output).end(found, clock.total)
                return found
            if not can_make_some_again(output, found):
                notes = [*notes, changes_note(changes, found.shards, kept=False)]
                remove_shards(output)  # the results stay until others take their place
        record = JobRecord(
            identity=found.identity if found else identity,
            settings=shown(replace(settings, num_samples=samples)),
            shard_size=size,
            samples=samples,
            classes=dict(catalog.labels),
            made_on=dict(found.made_on) if found else {},
            ranges_found=_without(settings.image.value_range, given),
            ignored=dict(catalog.ignored),
            files=dict(found.files) if found else {},
            notes=list(dict.fromkeys([*(found.notes if found else ()), *notes])),
        )
        job = Job(record, output, maker, settings.faults, lock, clock, quiet=quiet)
        with job.log.ending():
            if found is None:
                job.begin(partial(clear, output, settings.write.overwrite))
            else:
                job.resume(checked=not settings.write.finalize)
            merge = partial(_merged, record, output, settings.write, job.log, lock.check, quiet)
            merged = job.finish(merge if settings.write.finalize else lambda _: record)
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
    with (
        telemetry(record, asked) as told,
        RunProgress(asked, label="merging", quiet=quiet, run=record.short_id) as progress,
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


def _ranges_found(
    output: StoragePath, listed: str, settings: GenerateSettings
) -> Mapping[str, Range] | None:
    """The value ranges that the run in a folder found; None if none of this input is there."""
    if settings.write.overwrite:
        return None
    try:
        found = load_record(output)
    except (OutputError, OSError):  # which is said where it matters
        return None
    if found is None or found.identity.get("input") != listed:
        return None
    return {kind: (low, high) for kind, (low, high) in found.ranges_found.items()}


def _without(ranges: object, given: object) -> dict[str, list[float]]:
    """Those of the ranges that were not given."""
    if not isinstance(ranges, Mapping):
        return {}
    known = given if isinstance(given, Mapping) else {}
    return {kind: list(ends) for kind, ends in ranges.items() if kind not in known}


def _still_complete(
    found: JobRecord, changes: InputChanges, settings: GenerateSettings, output: StoragePath
) -> None:
    """Remembers files that were merely written again, and clears away what is left of shards."""
    if changes.listing:
        note_listing(found, changes.listing)
        found.save(output)
    if not settings.write.keep_shards:
        with suppress(OSError):  # a run that was killed at its very end left them
            remove_shards(output)


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


def _gains(
    found: JobRecord, settings: GenerateSettings, output: StoragePath, source: StoragePath
) -> bool:
    """Whether a finished run that may be overwritten would have more images if it began again."""
    if found.status != "complete" or not settings.write.overwrite:
        return False
    return bool(found.counts.get("unread")) and is_any_readable_now(
        output, source, settings.image.most_read
    )


def shard_size(settings: GenerateSettings, samples: int) -> int:
    """Samples a shard of a new run; fewer for a small one, so that every worker has some."""
    asked = settings.write.shard_size
    if asked is not None:
        return asked
    cluster = settings.cluster
    workers = cluster.workers
    if workers is None:
        connect(cluster)
        free = max(free_resources().cpus or _COMING, cluster.min_workers)
        most = cluster.max_workers or free
        workers = most if may_grow(cluster) else min(free, most)  # all that may come have shards
    return choose_shard_size(None, samples, workers, settings.image.bytes)

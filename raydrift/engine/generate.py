"""One run of the generator, from the input to the merged result."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from raydrift.calibrate.profile import calibrated
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import Stream
from raydrift.catalog.value_range import with_value_range
from raydrift.embed.weights import find_weights
from raydrift.engine.changes import Changes, InputNow, changes_of_results, note_listing
from raydrift.engine.data.tasks import notes_of, run_samples
from raydrift.engine.jobs.job_log import JobLog, damage_reporter, report_input, wait_reporter
from raydrift.engine.plan import choose_shard_size
from raydrift.engine.run import Clock, Run
from raydrift.engine.session import connect, free_resources, may_grow
from raydrift.errors import OutputError
from raydrift.paths import StoragePath, redacted
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.ranges import Range
from raydrift.settings.toml import as_dict
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.output import can_make_some_again, failing_as_output, find_run, made_folder
from raydrift.storage.record import RunRecord, load_record, make_identity
from raydrift.storage.shards import remove_shards
from raydrift.storage.unread import is_any_readable_now
from raydrift.storage.zip_room import check_before_run

# Workers that a cluster without a node yet is taken to come to.
_COMING = 64


def generate(
    settings: GenerateSettings,
    *,
    catalog: Catalog | None = None,
    notes: Sequence[str] = (),
    quiet: bool = False,
) -> RunRecord:
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
    identity = make_identity(settings, samples, listed, digest)
    identity |= {"classes": dict(catalog.labels)} | stream.identity(settings)
    tell = wait_reporter(quiet)
    with (
        made_folder(output),
        failing_as_output(output),
        OutputLock(output, tell=tell) as lock,
    ):
        report_input(catalog, quiet)
        found = find_run(output, identity, settings.write.overwrite, damage_reporter(quiet))
        clock.end_phase("list")
        if found is not None and _gains(found, settings, output, catalog.root):
            found = None
        if found is not None and found.status == "complete":
            now = InputNow(settings, catalog, found)
            changes = changes_of_results(output, found, now)
            lock.check()  # it may have taken hours
            if not changes.images:
                _still_complete(found, changes, now, settings, output)
                JobLog(found, output).end(found, clock.total)
                return found
            if not can_make_some_again(output, found):
                notes = [*notes, changes.described(found.shards, kept=False)]
                remove_shards(output)  # the results stay until others take their place
        if settings.write.finalize and found is None:
            check_before_run(output, samples, settings.image)
        record = RunRecord(
            identity=found.identity if found else identity,
            settings=shown(replace(settings, num_samples=samples)),
            shard_size=found.shard_size if found else shard_size(settings, samples),
            samples=samples,
            classes=dict(catalog.labels),
            made_on=dict(found.made_on) if found else {},
            ranges_found=_without(settings.image.value_range, given),
            ignored=dict(catalog.ignored),
            notes=list(dict.fromkeys([*(found.notes if found else ()), *notes])),
        )
        run = Run(settings, catalog, stream, weights, output, record, lock, clock, quiet)
        with run.log.ending():
            if found is None:
                run.begin()
            else:
                run.go_on()
            return run.close()


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
    found: RunRecord,
    changes: Changes,
    now: InputNow,
    settings: GenerateSettings,
    output: StoragePath,
) -> None:
    """Remembers files that were merely written again, and clears away what is left of shards."""
    if changes.same:
        note_listing(found, changes.same, now)
        found.save(output)
    if not settings.write.keep_shards:
        with suppress(OSError):  # a run that was killed at its very end left them
            remove_shards(output)


def _gains(
    found: RunRecord, settings: GenerateSettings, output: StoragePath, source: StoragePath
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


def shown(settings: GenerateSettings) -> dict[str, Any]:
    """The settings as ``run.json`` holds them: without credentials in their URIs."""
    plain = as_dict(settings)
    plain["input"], plain["output"] = redacted(settings.input), redacted(settings.output)
    plain["embedding"]["weights"] = redacted(settings.embedding.weights)
    if settings.calibration.profile is not None:
        plain["calibration"]["profile"] = redacted(settings.calibration.profile)
    return plain

"""The adjustment: a camera and a model learn together, drawn and written."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any, Final

from raydrift.calibrate.profile import calibrated
from raydrift.camera import Sharpening, View
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import Stream
from raydrift.catalog.value_range import with_value_range
from raydrift.drift.camera.raw_sensed import check_of_sensor
from raydrift.engine.adjust_trainings import KeptBatch, Trained, adjust_job, kept_tables
from raydrift.engine.data.adjust_work import PROGRAM, TRAININGS, AdjustStage
from raydrift.engine.data.tasks import run_samples
from raydrift.engine.identity import identity_defaults, run_identity, shown, twins_identity
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.kept_drifted import KeptDrifted, keep_drifted
from raydrift.engine.learnable import Learnable, learnable_batches, learnable_input
from raydrift.engine.measured_record import fill_record, summary_of, usable_batches
from raydrift.engine.measuring_job import MEASURE_PACKAGES, MeasuringJob
from raydrift.engine.reports import log_remarks, report_input, wait_reporter
from raydrift.engine.tracked import check_tracking, track_output
from raydrift.engine.trainings import Trainings
from raydrift.errors import RejectedError, SettingsError
from raydrift.report.adjustment import LEARNED, Adjustment, Curves
from raydrift.report.adjustment_page import adjustment_page
from raydrift.report.adjustment_plot import adjustment_plot
from raydrift.settings.adjust import NETWORK, PARAMETRIZED, AdjustSettings
from raydrift.storage import layout
from raydrift.storage.checkpoints import remove_checkpoints
from raydrift.storage.evaluated import (
    AdjustRecord,
    check_replaceable,
    kept_if_filled,
    working_folder,
    write_evaluation,
)
from raydrift.storage.image_sets import twinned
from raydrift.storage.record import installed_versions
from raydrift.storage.tables import parquet_bytes
from raydrift.tasks.files import TaskFile, find_task

_BEGINNINGS: Final = ("bi", "bi,s,ga")
"""The views that a camera that learns can begin as: without sharpening, and with it."""

_NAMES: Final = ("trainings", "training")


def adjust(settings: AdjustSettings, *, quiet: bool = False) -> Adjustment:
    """Trains a camera together with the user's model, and the model alone.

    Args:
        settings: The settings of the adjustment.
        quiet: Show no progress.

    Returns:
        What was found.

    Raises:
        CatalogError: The input is not there or empty.
        SettingsError: There are too few images for the splits, or nothing to tell apart.
        OutputError: The output holds another adjustment, or cannot be written.
        LockedError: Another run is at work on the output.
        TaskError: The user's model cannot be found or loaded, or is not one of this task.
        ResourcesError: Ray has too few CPUs or GPUs.
        RejectedError: No image can be used.
        TrackingError: The MLflow server did not take what was found.
        PipelineError: A worker failed, or a training came to nothing.
    """
    clock = Clock()
    check_tracking(settings.mlflow)
    catalog = catalog_of(settings.run)
    settings, ranges = _resolved(settings, catalog)
    catalog = twinned(catalog, settings.run, settings.run.infos)
    run, has_masks = settings.run, catalog.masks is not None
    _check(settings, learnable_input(run, catalog, has_masks))
    file = find_task(settings.task, run.options_of("task"))
    identity = _identity(settings, catalog)
    record = _record(settings, catalog, identity, file)
    report_input(catalog, quiet)
    drifted = KeptDrifted.of_run(settings, catalog)
    output = drifted.output
    folder, trained = output / layout.ADJUST_PICTURES, output / layout.ADJUST_TRAININGS
    with working_folder(folder, output, wait_reporter(quiet)) as lock, kept_if_filled(trained):
        check_replaceable(output, record, run.write.overwrite, identity_defaults)
        clock.end_phase("list")
        committed = drifted.committed(folder, keep_drifted)
        job = MeasuringJob(folder, identity, record.settings, committed, lock, clock, quiet)
        shards, kept = job.finish(
            lambda rows: (tuple(rows), [job.read(row, KeptBatch.of) for row in rows])
        )
        batches = [one.measures for one in kept]
        try:
            usable, left_out = usable_batches(batches, run.input)
        except RejectedError:
            job.remove()  # there is nothing to go on with
            raise
        learned = learnable_batches(run, usable, has_masks)
        _check_splits(settings, learned)
        clock.end_phase("drift")
        cameras = [camera for one in kept for camera in one.cameras]
        told = adjust_job(
            settings, catalog, file, learned, usable, cameras, (folder, shards), trained
        )
        trained.create()
        attempts = "\n".join(row.shard_name for row in shards)
        whole = record.identity | {"pictures": sha256(attempts.encode()).hexdigest()}
        maker = Trainings(run.cluster, catalog, told.fits, AdjustStage, told)
        trainings = MeasuringJob(
            trained, whole, record.settings, maker, lock, clock, quiet, what=_NAMES
        )
        rows, results = trainings.finish(
            lambda rows: (tuple(rows), [trainings.read(row, Trained.of) for row in rows])
        )
        found = Adjustment(
            usable,
            Curves.of([one.curve for one in results]),
            "IoU" if has_masks else "accuracy",
            learned.count,
            bool(run.infos),
            settings.processor,
            settings.learn,
            kept_tables(results),
            left_out,
            summary_of(catalog, ranges, usable),
        )
        clock.end_phase("train")
        fill_record(record, found, batches, clock.seconds)
        record.counts |= {"files": found.files, "trainings": len(results)}
        record.adjustment = found.written
        best = rows[_learned(settings)][found.curves.best]
        program = trainings.read(best, lambda table, *_: table[PROGRAM][0].as_py())
        lock.check()
        write_evaluation(output, record, _files(found, settings, record, results, program))
        track_output(settings.mlflow, output, record, quiet)
        job.remove()
        trainings.remove()
        remove_checkpoints(trained)
        log_remarks(found.input_summary.remarks)
        return found


def _learned(settings: AdjustSettings) -> slice:
    """Which of the trainings are those with a camera that learns."""
    first = TRAININGS.index(LEARNED) * settings.splits
    return slice(first, first + settings.splits)


def _files(
    found: Adjustment,
    settings: AdjustSettings,
    record: AdjustRecord,
    results: Sequence[Trained],
    program: bytes,
) -> dict[str, bytes]:
    """The files of an adjustment, by their names."""
    plot = adjustment_plot(found)
    cameras = ", ".join(one.camera for one in results[_learned(settings)])
    files = {
        layout.ADJUST_PLOT: plot,
        layout.CURVES: parquet_bytes(found.curves.table),
        layout.ADJUSTED: program,
        layout.CAMERA_NUMBERS: f"[{cameras}]\n".encode(),
        layout.REPORT: adjustment_page(found, settings, record, plot).encode(errors="replace"),
    }
    return files | {place: parquet_bytes(table) for place, table in found.kept.items()}


def _resolved(settings: AdjustSettings, catalog: Catalog) -> tuple[AdjustSettings, list[str]]:
    """The settings with the number of samples, and a sentence for each value range found."""
    samples, _ = run_samples(settings.run, catalog)
    run, ranges = with_value_range(settings.run, catalog)
    if run.calibration.profile is not None:
        run, notes = calibrated(run, catalog.digest(), None)
        ranges = [*ranges, *notes]
    if run.raw is not None and run.raw.view not in _BEGINNINGS:
        begun = _BEGINNINGS[View.parse(run.raw.view).sharpening is not Sharpening.NONE]
        ranges = [*ranges, f"raw.view is {run.raw.view}: the camera that learns begins as {begun}"]
    return replace(settings, run=replace(run, num_samples=samples)), ranges


def _check(settings: AdjustSettings, learned: Learnable) -> None:
    """Refuses what cannot be adjusted, before any image is read.

    Args:
        settings: The settings, resolved.
        learned: What there is to learn from the input.
    """
    run = settings.run
    if run.raw is not None:
        check_of_sensor(run.infos, run.profile)
    if settings.processor == NETWORK:
        from raydrift.tasks.training.networks import check_unet  # which imports torch

        check_unet(f"processor is {NETWORK!r}")
    if learned.masks and settings.processor != PARAMETRIZED:
        raise SettingsError(
            f"processor is {settings.processor!r}: its pictures have half the size, and the masks "
            f"have not: give {PARAMETRIZED!r}"
        )
    _check_splits(settings, learned)


def _check_splits(settings: AdjustSettings, learned: Learnable) -> None:
    """Refuses what cannot be learned."""
    if not learned.can_be:
        raise SettingsError(f"{learned.note}: give images of several classes, or masks")
    learned.check(settings.splits, settings.train_size)


def _identity(settings: AdjustSettings, catalog: Catalog) -> dict[str, Any]:
    """All that the pictures depend on, as plain values."""
    run = settings.run
    run = replace(run, embedding=replace(run.embedding, compute=False))
    samples = run.num_samples or len(catalog)
    identity = run_identity(run, samples, catalog.digest(), None)
    identity |= {"classes": dict(catalog.labels)} | Stream.of(run, catalog).identity(run)
    return identity | twins_identity(catalog)


def _record(
    settings: AdjustSettings, catalog: Catalog, identity: dict[str, Any], file: TaskFile
) -> AdjustRecord:
    setup = asdict(settings.run.profile.setup("camera"))
    adjusting = settings.identity(file.digest) | {"camera": json.loads(json.dumps(setup))}
    if settings.run.catalog.source is not None:
        adjusting["source"] = settings.run.catalog.source
    asked = {
        name: value
        for name, value in vars(settings).items()
        if name not in ("run", "task", "mlflow")
    }
    return AdjustRecord(
        identity=identity | {"adjust": adjusting},
        settings=shown(settings.run)
        | asked
        | {"task": asdict(settings.task) | {"model": file.name}},
        classes=dict(catalog.labels),
        ignored=dict(catalog.ignored),
        versions=installed_versions(MEASURE_PACKAGES),
    )

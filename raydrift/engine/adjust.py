"""The adjustment: a camera and a model learn together, drawn and written."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.calibrate.profile import calibrated
from raydrift.camera import Sharpening, View
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import Stream
from raydrift.catalog.value_range import with_value_range
from raydrift.drift.camera.raw_sensed import check_of_sensor, common_camera
from raydrift.engine.data.adjust_work import (
    CAMERA,
    PREDICTIONS,
    PROGRAM,
    STAGES,
    TRAININGS,
    AdjustJob,
    AdjustStage,
)
from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.kept_drifts import CAMERAS
from raydrift.engine.data.kept_stages import unpacked
from raydrift.engine.data.tasks import run_samples
from raydrift.engine.identity import identity_defaults, run_identity, shown
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.kept_drifted import KeptDrifted, keep_drifted
from raydrift.engine.learnable import Learnable, learnable_batches, learnable_input
from raydrift.engine.measured_record import fill_record, summary_of, usable_batches
from raydrift.engine.measuring_job import MEASURE_PACKAGES, MeasuringJob
from raydrift.engine.reports import log_remarks, report_input, wait_reporter
from raydrift.engine.tracked import check_tracking, track_output
from raydrift.engine.trainings import Trainings
from raydrift.errors import RejectedError, SettingsError
from raydrift.paths import StoragePath
from raydrift.report.adjustment import LEARNED, Adjustment, Curves
from raydrift.report.adjustment_page import adjustment_page
from raydrift.report.adjustment_plot import adjustment_plot
from raydrift.report.matrix import ViewMeasures
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
from raydrift.storage.record import installed_versions
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import LedgerRow, Rejected
from raydrift.storage.tables import parquet_bytes
from raydrift.tasks.files import TaskFile, find_task
from raydrift.tasks.splits import Whole

_BEGINNINGS: Final = ("bi", "bi,s,ga")
"""The views that a camera that learns can begin as: without sharpening, and with it."""

_NAMES: Final = ("trainings", "training")
_FILES: Final = {STAGES: layout.STAGES, PREDICTIONS: layout.PREDICTIONS}


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
    run, has_masks = settings.run, catalog.masks is not None
    if run.raw is not None:
        check_of_sensor(run.infos, run.profile)
    if settings.processor == NETWORK:
        from raydrift.tasks.training.networks import check_unet  # which imports torch

        check_unet(f"processor is {NETWORK!r}")
    if has_masks and settings.processor != PARAMETRIZED:
        raise SettingsError(
            f"processor is {settings.processor!r}: its pictures have half the size, and the masks "
            f"have not: give {PARAMETRIZED!r}"
        )
    _check_splits(settings, learnable_input(run, catalog, has_masks))
    file = find_task(settings.task, run.options_of("task"))
    identity = _identity(settings, catalog)
    record = _record(settings, catalog, identity, file)
    report_input(catalog, quiet)
    kept = KeptDrifted.of_run(settings, catalog)
    output = kept.output
    folder, trained = output / layout.ADJUST_PICTURES, output / layout.ADJUST_TRAININGS
    with working_folder(folder, output, wait_reporter(quiet)) as lock, kept_if_filled(trained):
        check_replaceable(output, record, run.write.overwrite, identity_defaults)
        clock.end_phase("list")
        committed = kept.committed(folder, keep_drifted)
        job = MeasuringJob(folder, identity, record.settings, committed, lock, clock, quiet)
        shards, read = job.finish(
            lambda rows: (tuple(rows), [job.read(row, _kept) for row in rows])
        )
        batches = [batch for batch, _ in read]
        try:
            usable, left_out = usable_batches(batches, run.input)
        except RejectedError:
            job.remove()  # there is nothing to go on with
            raise
        learned = learnable_batches(run, usable, has_masks)
        _check_splits(settings, learned)
        clock.end_phase("drift")
        camera = None
        if run.raw is not None:
            camera = common_camera([one for _, own in read for one in own], run.raw)
        classes = _classes(catalog, usable)
        fits = _fits(settings, catalog, learned, classes, trained, folder, shards)
        labels = tuple(sorted(set(catalog.labels.values())))
        told = AdjustJob(fits, settings, file, has_masks, labels, camera)
        trained.create()
        attempts = "\n".join(row.shard_name for row in shards)
        whole = record.identity | {"pictures": sha256(attempts.encode()).hexdigest()}
        maker = Trainings(run.cluster, catalog, told.fits, AdjustStage, told)
        trainings = MeasuringJob(
            trained, whole, record.settings, maker, lock, clock, quiet, what=_NAMES
        )
        rows, results = trainings.finish(
            lambda rows: (tuple(rows), [trainings.read(row, _Trained.of) for row in rows])
        )
        curves = Curves.of([one.curve for one in results])
        kept_tables = {
            place: pa.concat_tables(one.kept[name] for one in results if name in one.kept)
            for name, place in _FILES.items()
            if any(name in one.kept for one in results)
        }
        found = Adjustment(
            usable,
            curves,
            "IoU" if told.has_masks else "accuracy",
            learned.count,
            bool(run.infos),
            settings.processor,
            settings.learn,
            kept_tables,
            left_out,
            summary_of(catalog, ranges, usable),
        )
        clock.end_phase("train")
        plot = adjustment_plot(found)
        fill_record(record, found, batches, clock.seconds)
        record.counts |= {"files": found.files, "trainings": len(results)}
        record.adjustment = found.written
        learned_first = TRAININGS.index(LEARNED) * settings.splits
        best = rows[learned_first + curves.best]
        cameras = [one.camera for one in results[learned_first:][: settings.splits]]
        files = {
            layout.ADJUST_PLOT: plot,
            layout.CURVES: parquet_bytes(curves.table),
            layout.ADJUSTED: trainings.read(best, lambda table, *_: table[PROGRAM][0].as_py()),
            layout.CAMERA_NUMBERS: f"[{', '.join(cameras)}]\n".encode(),
            layout.REPORT: adjustment_page(found, settings, record, plot).encode(errors="replace"),
        }
        files |= {place: parquet_bytes(table) for place, table in kept_tables.items()}
        lock.check()
        write_evaluation(output, record, files)
        track_output(settings.mlflow, output, record, quiet)
        job.remove()
        trainings.remove()
        remove_checkpoints(trained)
        log_remarks(found.input_summary.remarks)
        return found


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
    return identity | {"classes": dict(catalog.labels)} | Stream.of(run, catalog).identity(run)


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


def _classes(catalog: Catalog, batches: Sequence[ViewMeasures]) -> Whole:
    """The model's class of each usable sample: one for each label of the input, in order."""
    labels = np.array([label for batch in batches for label in batch.labels], np.int64)
    return np.searchsorted(np.array(sorted(set(catalog.labels.values())), np.int64), labels)


def _fits(
    settings: AdjustSettings,
    catalog: Catalog,
    learned: Learnable,
    classes: Whole,
    output: StoragePath,
    folder: StoragePath,
    shards: tuple[LedgerRow, ...],
) -> FitJob:
    return FitJob(
        output,
        "",
        folder,
        shards,
        TRAININGS,
        learned.files,
        learned.labels if learned.masks else classes,
        len(set(catalog.labels.values())),
        settings.splits,
        settings.train_size,
        settings.run.seed,
    )


def _kept(
    table: pa.Table, left_out: Sequence[Rejected], remarks: Sequence[Remark]
) -> tuple[ViewMeasures, list[dict[str, Any]]]:
    """What there is to say of a batch, and the cameras of its raw files."""
    cameras = [json.loads(camera) for camera in table[CAMERAS][0].as_py()]
    return ViewMeasures.of(table, left_out, remarks), cameras


@dataclass(frozen=True, eq=False)
class _Trained:
    """What came of a training.

    Attributes:
        curve: How it stood after each epoch.
        camera: The numbers of its camera, as JSON.
        kept: The tables of stages and predictions, by the names of their columns.
    """

    curve: pa.Table
    camera: str
    kept: dict[str, pa.Table]

    @classmethod
    def of(cls, table: pa.Table, *_: Any) -> Self:
        """All but the program."""
        first = {name: table[name][0].as_py() for name in (CAMERA, STAGES, PREDICTIONS)}
        camera = first.pop(CAMERA).decode()
        kept_tables = {name: unpacked(one) for name, one in first.items() if one is not None}
        return cls(table.select(schemas.CURVES.names), camera, kept_tables)

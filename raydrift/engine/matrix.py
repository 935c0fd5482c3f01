"""The matrix: what is learned on one view and tested on another, measured, drawn and written."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, Final

import numpy as np
import pyarrow as pa

from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.value_range import with_value_range
from raydrift.embed.weights import Weights
from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.tasks import run_samples
from raydrift.engine.data.train_work import TrainStage
from raydrift.engine.identity import identity_defaults, matrix_identity, shown
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.kept_views import KeptViews, keep_views
from raydrift.engine.learnable import Learnable, check_metric, learnable_batches, learnable_input
from raydrift.engine.matrix_training import (
    network_weights,
    remove_others,
    shown_training,
    train_job,
    with_scores,
)
from raydrift.engine.measured_record import fill_record, summary_of, usable_batches
from raydrift.engine.measured_views import MeasuredViews, baseline, measure_views
from raydrift.engine.measuring_job import MEASURE_PACKAGES, MeasuringJob
from raydrift.engine.reports import log_remarks, report_input, wait_reporter
from raydrift.engine.tracked import check_tracking, track_output
from raydrift.engine.trainings import Trainings
from raydrift.engine.view_fits import ViewFits
from raydrift.errors import RejectedError, SettingsError
from raydrift.paths import StoragePath
from raydrift.report.corruption_plot import corruption_plot
from raydrift.report.corruptions import CorruptionScores, of_views
from raydrift.report.matrix import Matrix, ProbeScores, ViewDivergence, ViewMeasures
from raydrift.report.matrix_page import matrix_page
from raydrift.report.matrix_plot import matrix_plot
from raydrift.report.view_strip import view_strip
from raydrift.settings.matrix import NONE, MatrixSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import (
    MatrixRecord,
    check_replaceable,
    kept_if_filled,
    working_folder,
    write_evaluation,
)
from raydrift.storage.lock import OutputLock
from raydrift.storage.record import installed_versions
from raydrift.storage.shards import LedgerRow, Rejected
from raydrift.storage.tables import parquet_bytes

_FITS: Final = ("probes", "probe")
_TRAININGS: Final = ("networks", "network")


def matrix(settings: MatrixSettings, *, quiet: bool = False) -> Matrix:
    """Measures how well what is learned on each view does on each other one.

    Args:
        settings: The settings of the matrix.
        quiet: Show no progress.

    Returns:
        What was found.

    Raises:
        CatalogError: The input is not there or empty.
        SettingsError: The metric is unknown, or there are too few images for it, or for the splits.
        OutputError: The output holds another matrix, or cannot be written.
        LockedError: Another run is at work on the output.
        WeightsError: A network's weights cannot be found, or are another one's.
        ResourcesError: Ray has too few CPUs or GPUs.
        RejectedError: No image can be used.
        TrackingError: The MLflow server did not take what was found.
        PipelineError: A worker failed, or the network's embeddings are not finite.
    """
    clock = Clock()
    check_tracking(settings.mlflow)
    catalog = catalog_of(settings.run)
    check_metric(settings.divergence)
    settings, ranges = _resolved(settings, catalog)
    _check_input(settings, catalog)
    run, train = settings.run, settings.train
    begin = None if train is None else network_weights(settings, train, catalog)
    metric = None if settings.divergence == NONE else settings.divergence
    measured, measure = _measured(settings, catalog, metric)
    embeds = train is None or metric is not None
    identity = matrix_identity(settings, catalog, measured.weights if embeds else None)
    if train is not None:
        identity["pictures"] = {"masks": train.has_masks}
    record = _record(settings, catalog, identity, begin)
    report_input(catalog, quiet)
    output = measured.output
    names = (layout.VIEW_EMBEDDINGS, layout.VIEW_PICTURES)
    folder, other = (output / name for name in (names if train is None else names[::-1]))
    fitted = output / layout.VIEW_FITS
    with working_folder(folder, output, wait_reporter(quiet)) as lock, kept_if_filled(fitted):
        check_replaceable(output, record, run.write.overwrite, identity_defaults)
        clock.end_phase("list")
        committed = measured.committed(folder, measure)
        job = MeasuringJob(folder, identity, record.settings, committed, lock, clock, quiet)
        shards, batches = job.finish(
            lambda rows: (tuple(rows), [job.read(row, ViewMeasures.of) for row in rows])
        )
        try:
            usable, left_out = usable_batches(batches, run.input)
        except RejectedError:
            job.remove()  # there is nothing to go on with
            raise
        learned = learnable_batches(run, usable, _has_masks(settings))
        found = _found(settings, catalog, ranges, usable, left_out, learned)
        clock.end_phase("measure")
        fits = None
        if learned.can_be:
            learned.check(settings.splits, settings.train_size)
            told = _fit_job(settings, learned, fitted, folder, shards)
            fits = _fits_job(record, catalog, settings, told, begin, lock, clock, quiet)
            tables = fits.results(lambda table, *_: table)
            scores = ProbeScores.of(list(map(of_views, tables)), len(settings.views))
            found = with_scores(found, scores, train)
            if settings.corruptions:
                found = replace(found, corruptions=CorruptionScores.of(tables, scores))
        clock.end_phase("fit")
        plot, strip = matrix_plot(found), view_strip(settings, catalog, found)
        clock.end_phase("draw")
        _fill(record, found, batches, clock.seconds)
        page = matrix_page(found, settings, record, strip)
        lock.check()
        write_evaluation(output, record, _files(found, plot, page))
        remove_others(output, other, fitted, settings)
        track_output(settings.mlflow, output, record, quiet)
        job.remove()
        if fits is not None:
            fits.remove()
        log_remarks(found.input_summary.remarks)
        return found


def _measured(
    settings: MatrixSettings, catalog: Catalog, metric: str | None
) -> tuple[MeasuredViews, Callable[[Any], pa.Table]]:
    """The batches, and what is made of each: embeddings, or pictures to train networks on."""
    if settings.train is None:
        measure = partial(measure_views, codes=settings.views, metric=metric)
        return MeasuredViews.of_views(settings, catalog), measure
    keep = partial(keep_views, codes=settings.views, metric=metric)
    return KeptViews.of_views(settings, catalog), keep


def _has_masks(settings: MatrixSettings) -> bool:
    return settings.train is not None and settings.train.has_masks


def _resolved(settings: MatrixSettings, catalog: Catalog) -> tuple[MatrixSettings, list[str]]:
    """The settings with the number of samples, and a sentence for each value range found."""
    samples, _ = run_samples(settings.run, catalog)
    run, ranges = with_value_range(settings.run, catalog)
    return replace(settings, run=replace(run, num_samples=samples)), ranges


def _check_input(settings: MatrixSettings, catalog: Catalog) -> None:
    """Refuses what cannot be measured or learned, before any work."""
    run = settings.run
    samples = run.num_samples or len(catalog)
    learned = learnable_input(run, catalog, _has_masks(settings))
    if learned.can_be:
        learned.check(settings.splits, settings.train_size)
    elif settings.train is not None:
        raise SettingsError(f"train.network is {settings.train.network!r}, and {learned.note}")
    elif settings.divergence == NONE:
        raise SettingsError(f"divergence is none, and {learned.note}: give a divergence")
    elif settings.corruptions:
        given = ",".join(map(str, settings.corruptions))
        raise SettingsError(f"corruptions is {given}, and {learned.note}: leave it out")
    check_metric(settings.divergence, min(samples, run.embedding.batch_size))


def _record(
    settings: MatrixSettings, catalog: Catalog, identity: dict[str, Any], begin: Weights | None
) -> MatrixRecord:
    names = ("views", "compat", "splits", "train_size", "divergence", "corruptions")
    asked = {name: getattr(settings, name) for name in names}
    split: dict[str, Any] = {"splits": settings.splits, "train_size": settings.train_size}
    split["corruptions"] = list(settings.corruptions)
    if settings.run.catalog.source is not None:
        split["source"] = settings.run.catalog.source
    if settings.train is not None and begin is not None:
        split["train"] = settings.train.identity(begin.digest)
        asked["train"] = shown_training(settings.train)
    return MatrixRecord(
        identity=identity | split,
        settings=shown(settings.run) | asked | {"views": list(settings.views)},
        classes=dict(catalog.labels),
        ignored=dict(catalog.ignored),
        versions=installed_versions(MEASURE_PACKAGES),
    )


def _fit_job(
    settings: MatrixSettings,
    learned: Learnable,
    output: StoragePath,
    folder: StoragePath,
    shards: tuple[LedgerRow, ...],
) -> FitJob:
    return FitJob(
        output,
        "",
        folder,
        shards,
        settings.views,
        learned.files,
        learned.labels,
        len(learned.names),
        settings.splits,
        settings.train_size,
        settings.run.seed,
        baseline(settings.corruptions),
    )


def _fits_job(
    record: MatrixRecord,
    catalog: Catalog,
    settings: MatrixSettings,
    told: FitJob,
    begin: Weights | None,
    lock: OutputLock,
    clock: Clock,
    quiet: bool,
) -> MeasuringJob:
    """The job of the fits, which are of these very embeddings or pictures."""
    told.output.create()
    attempts = "\n".join(row.shard_name for row in told.shards)
    identity = record.identity | {"embeddings": sha256(attempts.encode()).hexdigest()}
    maker, what, doing = ViewFits(settings.run.cluster, catalog, told), _FITS, "measuring"
    if settings.train is not None and begin is not None:
        identity["keep_models"] = settings.train.keep_models
        training = train_job(settings, settings.train, told, begin)
        maker = Trainings(settings.run.cluster, catalog, told, TrainStage, training)
        what, doing = _TRAININGS, "training"
    return MeasuringJob(
        told.output, identity, record.settings, maker, lock, clock, quiet, what, doing
    )


def _found(
    settings: MatrixSettings,
    catalog: Catalog,
    ranges: list[str],
    usable: tuple[ViewMeasures, ...],
    left_out: tuple[Rejected, ...],
    learned: Learnable,
) -> Matrix:
    """All but what probes get right."""
    notes = [*ranges, *([] if learned.can_be else [f"{learned.note}: the probe is left out"])]
    divergence = None
    if settings.divergence != NONE:
        values = np.stack([batch.values for batch in usable if batch.values is not None])
        numbers = tuple(batch.batch for batch in usable)
        divergence = ViewDivergence(settings.divergence, numbers, values)
    return Matrix(
        settings.views,
        usable,
        None,
        divergence,
        learned.count,
        left_out,
        summary_of(catalog, notes, usable),
    )


def _fill(
    record: MatrixRecord,
    found: Matrix,
    batches: list[ViewMeasures],
    seconds: dict[str, float],
) -> None:
    fill_record(record, found, batches, seconds)
    record.counts |= {
        "files": found.files,
        "views": len(found.views),
        "fits": 0 if found.scores is None else len(found.views) * found.scores.splits,
    }
    for name, value in found.written.items():
        setattr(record, name, value)


def _files(found: Matrix, plot: bytes, page: str) -> dict[str, bytes]:
    files = {layout.MATRIX_PLOT: plot, layout.REPORT: page.encode(errors="replace")}
    if found.scores is not None:
        files[layout.MATRIX] = parquet_bytes(found.scores.table)
    if found.corruptions is not None:
        files[layout.CORRUPTIONS] = parquet_bytes(found.corruptions.table)
        files[layout.CORRUPTIONS_PLOT] = corruption_plot(found, found.corruptions)
    if found.divergence is not None:
        table = found.divergence.table(found.views)
        files[layout.VIEW_DIVERGENCE] = parquet_bytes(table)
    return files

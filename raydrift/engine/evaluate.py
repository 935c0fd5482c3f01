"""The experiment: how far images drift at each level, measured, drawn and written."""

from dataclasses import asdict, replace
from functools import partial
from time import perf_counter, time
from typing import Any

import numpy as np
import pyarrow as pa

from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import time_axis
from raydrift.catalog.value_range import with_value_range
from raydrift.engine.data.measured import LevelBatch
from raydrift.engine.data.tasks import run_samples
from raydrift.engine.identity import identity_defaults, measure_identity, shown
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.measured_batches import MeasuredBatches
from raydrift.engine.measured_record import fill_record, summary_of, usable_batches
from raydrift.engine.measuring_job import MEASURE_PACKAGES, MeasuringJob
from raydrift.engine.reports import log_remarks, report_input, wait_reporter
from raydrift.engine.tracked import check_tracking, track_output
from raydrift.errors import PipelineError, RejectedError
from raydrift.metrics import METRICS, kl_softmax_pairs, mean_interval
from raydrift.report.evaluation import METRIC_NAMES, BatchMeasures, Evaluation
from raydrift.report.level_plots import kl_by_batch, kl_by_level
from raydrift.report.page import report_page
from raydrift.report.strips import make_strips
from raydrift.report.task_findings import TaskFindings, find_task_scores
from raydrift.report.task_plot import task_by_level
from raydrift.settings.experiment import EvaluateSettings
from raydrift.settings.generate import CalibrationSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import (
    EvaluationRecord,
    check_replaceable,
    working_folder,
    write_evaluation,
)
from raydrift.storage.image_sets import twinned
from raydrift.storage.record import installed_versions
from raydrift.storage.tables import parquet_bytes
from raydrift.tasks.files import find_task
from raydrift.tasks.task import Task


def evaluate(settings: EvaluateSettings, *, quiet: bool = False) -> Evaluation:
    """Measures how far each level takes a set of images, and writes tables, plots and a page.

    Args:
        settings: The settings of the experiment.
        quiet: Show no progress.

    Returns:
        What was measured.

    Raises:
        CatalogError: The input is not there or empty.
        OutputError: The output holds another experiment, or cannot be written.
        LockedError: Another run is at work on the output.
        WeightsError: The network's weights cannot be found.
        TaskError: The user's model cannot be found or loaded, or is not one of this task.
        ResourcesError: Ray has too few CPUs or GPUs.
        RejectedError: No image can be used.
        TrackingError: The MLflow server did not take what was found.
        PipelineError: A worker failed, or the network's embeddings are not finite.
    """
    clock = Clock()
    check_tracking(settings.mlflow)
    catalog = catalog_of(settings.run)
    settings, ranges = _resolved(settings, catalog)
    run = settings.run
    catalog = twinned(catalog, run, settings.sweep.infos(max(settings.sweep.levels)))
    task = _task(settings, catalog)
    measured = replace(MeasuredBatches.of(run, catalog, settings.sweep.chains), task=task)
    record = _record(settings, catalog, measured)
    report_input(catalog, quiet)
    output = measured.output
    folder = output / layout.EVALUATING
    with working_folder(folder, output, wait_reporter(quiet)) as lock:
        check_replaceable(output, record, run.write.overwrite, identity_defaults)
        clock.end_phase("list")
        measure = partial(_measured_table, seed=run.seed)
        committed = measured.committed(folder, measure)
        job = MeasuringJob(folder, record.identity, record.settings, committed, lock, clock, quiet)
        batches = job.results(BatchMeasures.of)
        try:
            evaluation = _evaluation(settings, catalog, ranges, batches, task)
        except RejectedError:
            job.remove()  # there is nothing to go on with
            raise
        clock.end_phase("measure")
        strips = make_strips(run, settings.sweep, catalog, evaluation)
        plots = {
            layout.KL_BY_BATCH: kl_by_batch(evaluation),
            layout.KL_BY_LEVEL: kl_by_level(evaluation),
        }
        clock.end_phase("draw")
        fill_record(record, evaluation, batches, clock.seconds)
        record.task = None if evaluation.task is None else evaluation.task.written
        page = report_page(evaluation, settings, record, strips)
        files = {
            layout.METRICS: parquet_bytes(evaluation.metrics_table()),
            layout.CLASS_DRIFT: parquet_bytes(evaluation.class_table()),
            **_of_task(evaluation.task),
            **plots,
            layout.REPORT: page.encode(errors="replace"),
        }
        lock.check()
        write_evaluation(output, record, files)
        track_output(settings.mlflow, output, record, quiet)
        job.remove()
        log_remarks(evaluation.input_summary.remarks)
        return evaluation


def _of_task(task: TaskFindings | None) -> dict[str, bytes]:
    """The files on the user's model; none where it is not asked."""
    if task is None:
        return {}
    return {layout.TASK: parquet_bytes(task.table()), layout.TASK_BY_LEVEL: task_by_level(task)}


def _measured_table(batch: LevelBatch, seed: int) -> pa.Table:
    return measure_batch(batch, seed).table()


def measure_batch(batch: LevelBatch, seed: int) -> BatchMeasures:
    """All metrics of a batch at all levels.

    Raises:
        PipelineError: The embeddings are not finite.
    """
    clock, embedded = perf_counter(), time() - batch.started
    values = np.full((len(batch.drifted), len(METRIC_NAMES)), np.nan)
    pairs = np.zeros((len(batch.drifted), len(batch.sample_ids)))
    interval = np.full((len(batch.drifted), 2), np.nan)
    unmeasured: dict[str, str] = {}
    if batch.sample_ids:
        try:
            for level, drifted in enumerate(batch.drifted):
                pairs[level] = kl_softmax_pairs(batch.originals, drifted)
        except ValueError as error:
            raise PipelineError(f"batch {batch.batch}: {error}") from None
        interval = mean_interval(pairs, seed=seed, number=batch.batch)
        for level, drifted in enumerate(batch.drifted):
            for place, (name, metric) in enumerate(METRICS.items()):
                try:
                    values[level, place] = metric.measure(batch.originals, drifted)
                except ValueError as error:  # too few images, or all alike
                    unmeasured[name] = str(error)
    return BatchMeasures(
        batch.batch,
        batch.sample_ids,
        batch.class_names,
        values,
        pairs,
        interval,
        batch.rejected,
        batch.remarks,
        unmeasured,
        batch.started,
        embedded,
        perf_counter() - clock,
        batch.answers,
    )


def _resolved(settings: EvaluateSettings, catalog: Catalog) -> tuple[EvaluateSettings, list[str]]:
    """The settings with the numbers of samples, and without what only writing needs.

    And a sentence for each value range that was found in the input.
    """
    run = settings.run
    samples, _ = run_samples(run, catalog)
    run, ranges = with_value_range(run, catalog)
    if settings.batches is not None:
        samples = min(samples, settings.batches * run.embedding.batch_size)
    embedding = replace(run.embedding, compute=True)
    run = replace(
        run,
        num_samples=samples,
        stream=time_axis(run, len(catalog)).samples,  # fractions stay of what they were of
        transforms=(),
        calibration=CalibrationSettings(),
        drift=(),
        embedding=embedding,
    )
    return replace(settings, run=run, batches=-(-samples // embedding.batch_size)), ranges


def _task(settings: EvaluateSettings, catalog: Catalog) -> Task | None:
    """What is asked of the user's model; its classes are all of the input's, in order."""
    if settings.task is None:
        return None
    file = find_task(settings.task, settings.run.options_of("task"))
    return Task(file, settings.task, tuple(sorted(set(catalog.labels.values()))))


def _record(
    settings: EvaluateSettings, catalog: Catalog, measured: MeasuredBatches
) -> EvaluationRecord:
    run, sweep, task = settings.run, settings.sweep, measured.task
    identity = measure_identity(run, catalog, sweep, measured.weights)
    asked: dict[str, Any] = {}
    if task is not None:
        identity["task"] = task.identity
        asked["task"] = asdict(task.settings) | {"model": task.file.name}
    swept = {"transforms": [str(one) for one in sweep.transforms], "levels": list(sweep.levels)}
    return EvaluationRecord(
        identity=identity,
        settings=shown(run) | swept | {"batches": settings.batches} | asked,
        classes=dict(catalog.labels),
        ignored=dict(catalog.ignored),
        versions=installed_versions(MEASURE_PACKAGES),
    )


def _evaluation(
    settings: EvaluateSettings,
    catalog: Catalog,
    ranges: list[str],
    batches: list[BatchMeasures],
    task: Task | None,
) -> Evaluation:
    usable, left_out = usable_batches(batches, settings.run.input)
    input_summary = summary_of(catalog, ranges, usable)
    evaluation = Evaluation(settings.sweep, usable, left_out, input_summary)
    if task is None:
        return evaluation
    findings = find_task_scores(
        task,
        task.names(catalog.labels),
        [batch.answers for batch in usable],
        evaluation.levels,
        [row.median for row in evaluation.summary],
        settings.run.seed,
    )
    return replace(evaluation, task=findings)

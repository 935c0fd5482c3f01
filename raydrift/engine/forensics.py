"""Forensics: which camera harms the user's model most, searched, drawn and written."""

from dataclasses import asdict, replace
from typing import Final

from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import Stream, time_axis
from raydrift.catalog.value_range import with_value_range
from raydrift.drift.camera.fixed import with_fixed
from raydrift.engine.camera_searches import CameraSearches
from raydrift.engine.data.camera_search import Cell, SearchJob
from raydrift.engine.data.tasks import run_samples
from raydrift.engine.identity import identity_defaults, run_identity, shown
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.measuring_job import MEASURE_PACKAGES, MeasuringJob
from raydrift.engine.reports import log_remarks, report_input, wait_reporter
from raydrift.engine.tracked import check_tracking, track_output
from raydrift.paths import StoragePath
from raydrift.report.forensics import Forensics, Searched, WorstCamera, put_together
from raydrift.report.forensics_page import forensics_page
from raydrift.report.forensics_plot import forensics_plot
from raydrift.report.forensics_strips import camera_strips
from raydrift.report.forensics_texts import camera_text, part_name
from raydrift.report.input_summary import InputSummary
from raydrift.report.matrix_texts import hundredths
from raydrift.report.text import level_name
from raydrift.settings.forensics import ForensicsSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.written import run_toml
from raydrift.storage import layout
from raydrift.storage.evaluated import (
    ForensicsRecord,
    check_replaceable,
    working_folder,
    write_evaluation,
)
from raydrift.storage.record import installed_versions
from raydrift.storage.tables import parquet_bytes
from raydrift.tasks.files import find_task
from raydrift.tasks.task import Task

_SEARCHES: Final = ("cameras", "search")
_SHOWN_REJECTED: Final = 100


def forensics(settings: ForensicsSettings, *, quiet: bool = False) -> Forensics:
    """Searches the camera that harms a model most, of each part at each level.

    Args:
        settings: The settings of the search.
        quiet: Show no progress.

    Returns:
        What was found.

    Raises:
        CatalogError: The input is not there or empty.
        SettingsError: More samples are asked for than the input has; or raw files are not of the
            run's size.
        OutputError: The output holds another search, or cannot be written.
        LockedError: Another run is at work on the output.
        TaskError: The user's model cannot be found or loaded, is not one of this task, or has no
            gradient.
        ResourcesError: Ray has too few CPUs.
        RejectedError: No image can be used.
        TrackingError: The MLflow server did not take what was found.
        PipelineError: A worker failed.
    """
    clock = Clock()
    check_tracking(settings.mlflow)
    catalog = catalog_of(settings.run)
    settings, ranges = _resolved(settings, catalog)
    run = settings.run
    file = find_task(settings.task, run.options_of("task"))
    task = Task(file, settings.task, tuple(sorted(set(catalog.labels.values()))))
    record = _record(settings, catalog, task)
    report_input(catalog, quiet)
    output = StoragePath.of(run.output, run.options_of("output"))
    folder = output / layout.SEARCHING
    with working_folder(folder, output, wait_reporter(quiet)) as lock:
        check_replaceable(output, record, run.write.overwrite, identity_defaults)
        clock.end_phase("list")
        searches = CameraSearches(run, folder, task, _told(settings, catalog))
        identity = record.identity | {"listing": searches.listing}
        job = MeasuringJob(
            folder, identity, record.settings, searches, lock, clock, quiet, what=_SEARCHES
        )
        searched = job.results(Searched.of)
        found = put_together(
            task, searched, settings.members, _summary(catalog, ranges, searched[0])
        )
        clock.end_phase("search")
        plot = forensics_plot(found)
        strips = camera_strips(settings, catalog, found)
        clock.end_phase("draw")
        _fill(record, found, clock.seconds)
        page = forensics_page(found, settings, record, strips)
        cameras = {one.file: _toml(settings, found, one) for one in found.cameras}
        files = {
            layout.FORENSICS: parquet_bytes(found.table()),
            layout.FORENSICS_PLOT: plot,
            layout.REPORT: page.encode(errors="replace"),
            layout.WORST: _toml(settings, found, found.worst),
        }
        lock.check()
        _clear_cameras(output)
        write_evaluation(output, record, {**cameras, **files})
        track_output(settings.mlflow, output, record, quiet)
        job.remove()
        log_remarks(found.input_summary.remarks)
        return found


def _resolved(settings: ForensicsSettings, catalog: Catalog) -> tuple[ForensicsSettings, list[str]]:
    """The settings with the number of samples, and a sentence for each value range found."""
    samples, _ = run_samples(settings.run, catalog)
    run, ranges = with_value_range(settings.run, catalog)
    run = replace(
        run,
        num_samples=samples,
        stream=time_axis(run, len(catalog)).samples,  # fractions stay of what they were of
        embedding=replace(run.embedding, compute=False),
    )
    return replace(settings, run=run), ranges


def _told(settings: ForensicsSettings, catalog: Catalog) -> SearchJob:
    cells = tuple(
        Cell(part, level, settings.infos(part, level))
        for part in settings.parts
        for level in settings.levels
    )
    samples = settings.run.num_samples or len(catalog)
    return SearchJob(catalog, samples, cells, settings.search)


def _record(settings: ForensicsSettings, catalog: Catalog, task: Task) -> ForensicsRecord:
    run = settings.run
    infos = tuple(info for part in settings.parts for info in settings.infos(part, 1.0))
    swept = replace(run, transforms=infos)
    identity = run_identity(swept, run.num_samples or len(catalog), catalog.digest(), None)
    identity |= {"classes": dict(catalog.labels)} | Stream.of(run, catalog).identity(run)
    asked = {**asdict(settings.search), "parts": list(settings.parts)}
    levels = list(settings.levels)
    del identity["transforms"]
    return ForensicsRecord(
        identity=identity | {"task": task.identity, "forensics": asked, "levels": levels},
        settings=shown(run)
        | {"levels": levels}
        | {"task": asdict(task.settings) | {"model": task.file.name}, "forensics": asked},
        classes=dict(catalog.labels),
        ignored=dict(catalog.ignored),
        versions=installed_versions(MEASURE_PACKAGES),
    )


def _summary(catalog: Catalog, ranges: list[str], originals: Searched) -> InputSummary:
    return InputSummary.of(catalog, ranges, originals.row["class_names"], originals.remarks)


def _fill(record: ForensicsRecord, found: Forensics, seconds: dict[str, float]) -> None:
    record.counts = {
        "asked": found.samples + len(found.left_out),
        "measured": found.samples,
        "rejected": len(found.left_out),
        "searches": len(found.cameras),
        "cameras": sum(one.tried for one in found.cameras),
    }
    record.rejected = [asdict(one) for one in found.left_out[:_SHOWN_REJECTED]]
    record.notes = list(found.input_summary.notes)
    record.remarks = [asdict(remark) for remark in found.input_summary.remarks]
    record.timings = dict(seconds)
    for name, value in found.written.items():
        setattr(record, name, value)


def camera_run(settings: ForensicsSettings, one: WorstCamera) -> GenerateSettings:
    """The run that makes the images of a camera.

    Args:
        settings: Of the search, resolved.
        one: The camera.
    """
    run = settings.run
    infos = settings.infos(one.found_part, one.found_level)
    return replace(run, transforms=infos, profile=with_fixed(run.profile, one.camera))


def _toml(settings: ForensicsSettings, found: Forensics, one: WorstCamera) -> bytes:
    """What ``generate --config`` takes to make the images of a camera."""
    part, level = one.part, level_name(one.level)
    comment = (
        f"The worst camera that was found for {part_name(part)} up to level {level}: of "
        f"{hundredths(found.original)} % {found.quality} it leaves {hundredths(one.quality)} %.\n"
        f"{camera_text(one)}\n"
        "To make its images: raydrift generate INPUT OUTPUT --config THIS_FILE"
    )
    return run_toml(camera_run(settings, one), comment).encode()


def _clear_cameras(output: StoragePath) -> None:
    """Deletes the cameras of an earlier search, and makes room for those of this one."""
    folder = output / layout.CAMERAS
    folder.create()
    folder.delete_files(name for name in folder.names() if name.endswith(".toml"))

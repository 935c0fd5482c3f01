"""``raydrift plan``: what ``generate`` would do over time, without touching an image."""

from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.drift_flags import (
    Curve,
    Duty,
    Kind,
    Period,
    Phase,
    Start,
    Until,
    Width,
    drift_flags,
)
from raydrift.cli.options import (
    Config,
    Input,
    Labels,
    Level,
    NumSamples,
    Profile,
    Raw,
    Seed,
    Split,
    Target,
    Transform,
    Twins,
)

if TYPE_CHECKING:
    from rich.table import Table

    from raydrift.report.timeline import StreamPlan

_CLASSES_SHOWN = 2


def plan(
    input: Input = None,
    output: Annotated[
        str, typer.Argument(metavar="OUTPUT.png", help="Picture to write.")
    ] = "plan.png",
    transform: Transform = None,
    drift: Kind = None,
    start: Start = None,
    until: Until = None,
    width: Width = None,
    curve: Curve = None,
    period: Period = None,
    phase: Phase = None,
    duty: Duty = None,
    profile: Profile = None,
    target: Target = None,
    level: Level = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    num_samples: NumSamples = None,
    raw: Raw = None,
    twins: Twins = None,
    config: Config = None,
) -> None:
    """Draw the timeline of a run: level, drifted samples and classes, as they will be."""
    from raydrift.calibrate import calibrated
    from raydrift.catalog import catalog_of
    from raydrift.catalog.stream import Stream
    from raydrift.cli.console import console
    from raydrift.cli.files import check_folder, write_file
    from raydrift.cli.settings import read_values
    from raydrift.engine.data.tasks import notes_of, run_samples
    from raydrift.errors import SettingsError
    from raydrift.paths import StoragePath, redacted
    from raydrift.report.classes import classes_line, ignored_lines
    from raydrift.report.timeline import plan_stream
    from raydrift.report.timeline_plot import timeline_png
    from raydrift.settings.copies import planned_settings

    if not output.lower().endswith(".png"):
        raise SettingsError(f"output {output!r}: write the picture's name as NAME.png")
    flags = {
        "input": input,
        "split": split,
        "catalog": {"labels": labels},
        "output": output,
        "seed": seed,
        "num_samples": num_samples,
        "raw": {} if raw else None,
        "twins": twins,
        "calibration": {"profile": profile, "target": target, "level": level},
    }
    flags |= drift_flags(
        transform,
        drift,
        profile,
        start=start,
        until=until,
        width=width,
        curve=curve,
        period=period,
        phase=phase,
        duty=duty,
    )
    settings = read_values(config, flags, planned_settings)
    catalog = catalog_of(settings)
    place = StoragePath.of(settings.output, settings.options_of("output"))
    check_folder(place)
    calibration_notes: list[str] = []
    if settings.calibration.profile is not None:
        settings, calibration_notes = calibrated(settings, catalog.digest())
    samples, ended_by = run_samples(settings, catalog)
    stream = Stream.of(settings, catalog)
    planned = plan_stream(settings, catalog, stream, samples)
    out = console()
    for line in (f"input: {classes_line(catalog.counts())}", *ignored_lines(catalog.ignored)):
        out.print(line)
    for table in (_drifts(planned), _phases(planned)):
        if table.row_count:
            out.print(table)
    for note in (
        *catalog.notes,
        *calibration_notes,
        *notes_of(settings, stream, samples, ended_by),
    ):
        out.print(note)
    write_file(place, timeline_png(planned, PurePath(redacted(settings.input)).name, out.print))
    out.print(f"timeline: {place}")


def _drifts(planned: "StreamPlan") -> "Table":
    from rich.table import Table

    table = Table("", "drift", show_header=False)
    if planned.transforms:
        table.add_row("all", f"{planned.transforms} on every sample")
    for number, drift in enumerate(planned.drifts, 1):
        table.add_row(str(number), str(drift))
    return table


def _phases(planned: "StreamPlan") -> "Table":
    """From one begin or end of anything to the next: what is in force, and what comes of it."""
    from rich.table import Table

    table = Table()
    for name in ("samples", "from", "drifts"):
        table.add_column(name, no_wrap=True)
    for name in ("drifted", "level"):
        table.add_column(name, justify="right")
    table.add_column("largest classes")
    course = planned.phases
    for part, (first, stop) in enumerate(zip(course.edges[:-1], course.edges[1:], strict=True)):
        there = ["all"] if planned.transforms else []
        there += [
            str(number)
            for number, drift in enumerate(planned.drifts, 1)
            if drift.start <= first and (drift.until is None or first < drift.until)
        ]
        table.add_row(
            f"{first:,} – {stop - 1:,}",
            planned.axis.date(int(first)),
            ", ".join(there) or "none",
            f"{course.drifted[part]:.1%}",
            f"{course.level[part]:.3f}",
            _largest(planned, part),
        )
    return table


def _largest(planned: "StreamPlan", part: int) -> str:
    shares = planned.phases.classes[:, part]
    by_share = sorted(range(len(shares)), key=lambda index: -shares[index])
    shown = [
        f"{planned.classes[index]} {shares[index]:.0%}"
        for index in by_share[:_CLASSES_SHOWN]
        if shares[index]
    ]
    return ", ".join(shown)

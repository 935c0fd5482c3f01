"""``raydrift calibrate``: the level that gives a wanted divergence."""

from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, note_writer, start_log
from raydrift.cli.options import (
    Address,
    Config,
    ImageSize,
    Input,
    Labels,
    Normalize,
    Precision,
    Raw,
    Seed,
    Split,
    SweptTransform,
    Twins,
    ValueRange,
    Verbose,
    Weights,
    Workers,
)

if TYPE_CHECKING:
    from rich.console import Console

    from raydrift.calibrate import CalibrationProfile
    from raydrift.paths import StoragePath
    from raydrift.report.input_summary import InputSummary


def calibrate(
    input: Input = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="A name in raydrift.metrics.METRICS: kl_softmax, mmd_squared, energy_distance, …",
            show_default="kl_softmax",
        ),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            metavar="DIVERGENCE", help="Find its level.", show_default="only measure the curve"
        ),
    ] = None,
    transform: SweptTransform = None,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.toml", help="The profile to write.", show_default="profile.toml"
        ),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE.png", help="Also draw the curve.")
    ] = None,
    num_samples: Annotated[
        int | None, typer.Option(help="Images to measure on.", show_default="256")
    ] = None,
    split: Split = None,
    labels: Labels = None,
    for_images: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Also tell how far another sample of N images may be: its 95 % interval.",
            show_default="only how sure the curve is",
        ),
    ] = None,
    seed: Seed = None,
    weights: Weights = None,
    normalize: Normalize = None,
    precision: Precision = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    raw: Raw = None,
    twins: Twins = None,
    workers: Workers = None,
    config: Config = None,
    address: Address = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Find the level at which images of this input drift as far as is wanted.

    Writes a profile, by which 'raydrift generate --profile' reaches any divergence of the curve.
    The same command goes on where it was stopped.
    """
    from raydrift.cli.console import console
    from raydrift.cli.files import check_folder, check_lasting, check_there, write_file
    from raydrift.cli.settings import image_flags, read_values
    from raydrift.settings.toml import calibrate_settings

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "split": split,
        "catalog": {"labels": labels},
        "transforms": transform or None,
        "calibration": {
            "profile": output,
            "metric": metric,
            "target": target,
            "plot": plot,
            "for_images": for_images,
        },
        "num_samples": num_samples,
        "seed": seed,
        "image": image_flags(image_size, value_range),
        "raw": {} if raw else None,
        "twins": twins,
        "embedding": {"weights": weights, "normalize": normalize, "precision": precision},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    settings = read_values(config, flags, calibrate_settings)
    check_there(settings.run.input)
    check_lasting(settings.profile, settings.plot)

    from raydrift.engine.calibrate import calibrate as run
    from raydrift.paths import StoragePath
    from raydrift.report.curve_plot import curve_plot

    options, target = settings.run.options_of("output"), settings.target
    place = StoragePath.of(settings.profile, options)
    picture = StoragePath.of(settings.plot, options) if settings.plot is not None else None
    for one in (place, picture):
        if one is not None:
            check_folder(one)
    _check_free(place)
    told: list[InputSummary] = []
    profile = run(
        settings.run,
        settings.sweep,
        settings.metric,
        target,
        for_images=settings.for_images,
        quiet=quiet,
        tell=note_writer(json=quiet),
        on_images=told.append,
        folder=StoragePath.of(f"{settings.profile}.unfinished", options),
        write=lambda profile: write_file(place, profile.to_toml().encode()),
    )
    out = console()
    _print_curve(out, profile, told[0])
    if picture is not None:
        shown = target if target is not None and _reaches(profile, target) else None
        write_file(picture, curve_plot(profile, shown))
        out.print(f"curve: {picture}")
    out.print(f"profile: {place}")
    if target is not None:
        _print_target(out, profile, target)


def _check_free(place: "StoragePath") -> None:
    """Whatever else has that name should be kept."""
    from raydrift.calibrate import CalibrationProfile
    from raydrift.errors import OutputError, SettingsError

    if not place.is_file():
        return
    try:
        CalibrationProfile.parse(place.read_bytes(), str(place))
    except SettingsError:
        raise OutputError(
            f"output {place} is there and is no profile: choose another with --output"
        ) from None


def _reaches(profile: "CalibrationProfile", target: float) -> bool:
    return any(low <= target <= high for low, high in profile.fit.reach)


def _print_curve(out: "Console", profile: "CalibrationProfile", images: "InputSummary") -> None:
    from itertools import pairwise

    from rich.table import Table

    sample = profile.sample
    rejected = f", {sample.rejected:,} rejected" if sample.rejected else ""
    out.print(f"{profile.metric} of {profile.sweep} on {sample.images:,} images{rejected}")
    for line in images.lines:
        out.print(f"  {line}")
    table = Table(title_justify="left")
    columns = ["level", "divergence", "95 % on average"]
    if sample.for_images is not None:
        columns.append(f"95 % of {_images(sample.for_images)}")
    for name in columns:
        table.add_column(name, justify="right")
    table.add_column("")
    falls = [False, *(b.divergence < a.divergence for a, b in pairwise(profile.curve))]
    for point, fall in zip(profile.curve, falls, strict=True):
        row = [
            f"{point.level:g}",
            f"{point.divergence:.4g}",
            f"{point.low:.4g} to {point.high:.4g}",
        ]
        if sample.for_images is not None:
            row.append(f"{point.other_low:.4g} to {point.other_high:.4g}")
        table.add_row(*row, "falls" if fall else "")
    out.print(table)
    out.print(f"interval: {sample.interval}")


def _print_target(out: "Console", profile: "CalibrationProfile", target: float) -> None:
    level, images = profile.level_for(target), profile.sample.for_images
    chain = ", ".join(map(str, profile.transforms_for(target)))
    measured = next((one for one in profile.curve if one.level == level), None)
    there = f"{profile.fit.at(level):.4g} by the curve"
    if measured is not None:
        there = f"{measured.divergence:.4g} measured"
    out.print(f"{chain}: {profile.metric} {there}, {target:g} asked for", style="bold")
    low, high = profile.interval_for(target)
    out.print(f"  on average over images of this kind: 95 %, a level from {low:.4g} to {high:.4g}")
    if images is not None:
        low, high = profile.interval_for(target, other=True)
        out.print(f"  for {_images(images)}: 95 %, a level from {low:.4g} to {high:.4g}")


def _images(count: int) -> str:
    return f"{count:,} other images" if count > 1 else "another image"

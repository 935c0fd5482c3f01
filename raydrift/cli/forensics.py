"""``raydrift forensics``: which camera harms a model most, and from which level on."""

from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Config,
    ImageSize,
    Input,
    Levels,
    Masks,
    Mlflow,
    MlflowExperiment,
    MlflowRun,
    NumSamples,
    Output,
    Raw,
    Seed,
    Split,
    Task,
    TaskDrop,
    TaskNormalize,
    ValueRange,
    Verbose,
    Workers,
)

if TYPE_CHECKING:
    from rich.console import Console

    from raydrift.report.forensics import Forensics


def forensics(
    input: Input = None,
    output: Output = None,
    task: Task = None,
    parts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="all|NAME,NAME,…",
            help="What may be wrong with the camera: names that begin with isp_, each by itself; "
            "all: all of them together. May be repeated.",
            show_default="all, and each",
        ),
    ] = None,
    levels: Levels = None,
    task_normalize: TaskNormalize = None,
    task_drop: TaskDrop = None,
    steps: Annotated[
        int | None, typer.Option(help="How often a climb moves uphill.", show_default="20")
    ] = None,
    restarts: Annotated[
        int | None,
        typer.Option(
            help="Climbs for each part and level: the first from the camera without drift, the "
            "others from drawn ones.",
            show_default="3",
        ),
    ] = None,
    penalty: Annotated[
        str | None,
        typer.Option(
            metavar="none|l2|ssim",
            help="Keeps the pictures near those of the reference camera: mean squared difference, "
            "or 1 - structural similarity.",
            show_default="none",
        ),
    ] = None,
    penalty_weight: Annotated[
        float | None,
        typer.Option(metavar="LAMBDA", help="By how much that counts.", show_default="0.1"),
    ] = None,
    compat: Annotated[
        bool | None,
        typer.Option("--compat", help="The penalty as published: a sum, or the similarity itself."),
    ] = None,
    num_samples: NumSamples = None,
    split: Split = None,
    seed: Seed = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    raw: Raw = None,
    masks: Masks = None,
    workers: Workers = None,
    mlflow: Mlflow = None,
    mlflow_experiment: MlflowExperiment = None,
    mlflow_run: MlflowRun = None,
    config: Config = None,
    address: Address = None,
    overwrite: Annotated[
        bool | None, typer.Option("--overwrite", help="Replace another search.")
    ] = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Search the camera that harms your model most: a table, a plot, a page, and TOML files.

    Of each part of the camera and each level, the one camera for all images that leaves least of
    the model's accuracy. 'raydrift generate --config' makes its images. The same command goes on
    where it was stopped; on an output that is finished it searches again.
    """
    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values
    from raydrift.settings.toml import forensics_settings

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "split": split,
        "output": output,
        "levels": levels,
        "seed": seed,
        "num_samples": num_samples,
        "image": image_flags(image_size, value_range),
        "raw": {} if raw else None,
        "masks": masks,
        "task": {"model": task, "normalize": task_normalize, "drop": task_drop},
        "forensics": {
            "parts": parts or None,
            "steps": steps,
            "restarts": restarts,
            "penalty": penalty,
            "penalty_weight": penalty_weight,
            "compat": compat,
        },
        "write": {"overwrite": overwrite},
        "mlflow": {"uri": mlflow, "experiment": mlflow_experiment, "run": mlflow_run},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    settings = read_values(config, flags, forensics_settings)
    check_there(settings.run.input)
    check_lasting(settings.run.output)

    import time

    from raydrift.engine.forensics import forensics as run
    from raydrift.paths import StoragePath

    start = time.monotonic()
    found = run(settings, quiet=quiet)
    output_folder = StoragePath.of(settings.run.output, settings.run.options_of("output"))
    print_result(found, output_folder, time.monotonic() - start)


def print_result(found: "Forensics", output: object, seconds: float) -> None:
    """Prints what was found, and where it is."""
    from raydrift.cli.console import console, print_lacking
    from raydrift.report.forensics_texts import camera_text, forensics_sentences, part_name
    from raydrift.report.matrix_texts import hundredths
    from raydrift.report.text import level_name
    from raydrift.storage import layout
    from raydrift.text import plural

    out = console()
    tried = plural(sum(one.tried for one in found.cameras), "camera")
    rejected = f", {len(found.left_out):,} rejected" if found.left_out else ""
    images = plural(found.samples, "image")
    out.print(f"{images}{rejected}, behind {tried}, searched in {seconds:.1f} s")
    for line in found.input_summary.lines:
        out.print(f"  {line}")
    _print_parts(out, found)
    for sentence in forensics_sentences(found):
        out.print(f"  {sentence}")
    worst = found.worst
    out.print(
        f"  the worst camera: {part_name(worst.part)} {level_name(worst.level)} leaves "
        f"{hundredths(worst.quality)} %: {camera_text(worst)}"
    )
    print_lacking(out, found.left_out, {})
    for name in (*layout.FORENSICS_RESULTS, f"{layout.CAMERAS}/", layout.FORENSICS_RECORD):
        out.print(f"  {output}/{name}")
    out.print(f"  its images: raydrift generate INPUT OUTPUT --config {output}/{layout.WORST}")


def _print_parts(out: "Console", found: "Forensics") -> None:
    """Prints what is left of the model behind the worst camera of each part, by level."""
    from rich.table import Table

    from raydrift.report.matrix_texts import hundredths
    from raydrift.report.palette import spaced
    from raydrift.report.text import level_name

    title = f"{found.quality} behind the worst camera, in hundredths; {hundredths(found.original)}"
    table = Table("part", title=f"{title} on the originals", title_justify="left")
    levels = spaced(found.levels, 5)
    for name in ("breaks at", *map(level_name, levels)):
        table.add_column(name, justify="right")
    for part in found.ranking:
        first = found.breaks(part)
        cells = [hundredths(one.quality) for one in found.worst_of[part] if one.level in levels]
        table.add_row(part, "–" if first is None else level_name(first.level), *cells)
    out.print(table)

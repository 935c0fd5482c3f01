"""``raydrift evaluate``: how much drift each level makes, in numbers, plots and a page."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    BatchSize,
    Config,
    ImageSize,
    Input,
    Labels,
    Levels,
    Masks,
    Mlflow,
    MlflowExperiment,
    MlflowRun,
    Normalize,
    Output,
    Precision,
    Raw,
    Seed,
    Split,
    SweptTransform,
    TaskDrop,
    Twins,
    ValueRange,
    Verbose,
    Weights,
    Workers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from raydrift.report.evaluation import Evaluation
    from raydrift.report.task_findings import TaskFindings

_SHORT: Final = {"nll": "NLL, nats", "ece": "ECE"}
"""What some scores are called where there is little room."""


def evaluate(
    input: Input = None,
    output: Output = None,
    transform: SweptTransform = None,
    levels: Levels = None,
    batches: Annotated[
        int | None, typer.Option(help="Only the first so many batches.", show_default="all")
    ] = None,
    batch_size: BatchSize = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    weights: Weights = None,
    normalize: Normalize = None,
    precision: Precision = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|resnet18:PATH|resnet34:PATH",
            help="Your model: what does it get right at each level, and where does it break? "
            "A torch.export program, TorchScript, or a state dict of torchvision's ResNet.",
        ),
    ] = None,
    task_normalize: Annotated[
        str | None,
        typer.Option(
            metavar="none|imagenet|M,M,M/D,D,D",
            help="Of your model's pixels, which are 0 to 1: means and standard deviations.",
            show_default="imagenet with --normalize, else none",
        ),
    ] = None,
    task_drop: TaskDrop = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    raw: Raw = None,
    masks: Masks = None,
    twins: Twins = None,
    workers: Workers = None,
    mlflow: Mlflow = None,
    mlflow_experiment: MlflowExperiment = None,
    mlflow_run: MlflowRun = None,
    config: Config = None,
    address: Address = None,
    overwrite: Annotated[
        bool | None, typer.Option("--overwrite", help="Replace another evaluation.")
    ] = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Measure how far each level takes the images: tables, two plots and a page.

    With --task, also what your own model gets right, and at which level it breaks. No drifted image
    is written. The same command goes on where it was stopped; on an output that is finished it
    measures again.
    """
    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values
    from raydrift.settings.toml import evaluate_settings

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "split": split,
        "catalog": {"labels": labels},
        "output": output,
        "transforms": transform or None,
        "levels": levels,
        "batches": batches,
        "seed": seed,
        "image": image_flags(image_size, value_range),
        "raw": {} if raw else None,
        "masks": masks,
        "twins": twins,
        "embedding": {
            "weights": weights,
            "normalize": normalize,
            "precision": precision,
            "batch_size": batch_size,
        },
        "task": {"model": task, "normalize": task_normalize, "drop": task_drop},
        "write": {"overwrite": overwrite},
        "mlflow": {"uri": mlflow, "experiment": mlflow_experiment, "run": mlflow_run},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    settings = read_values(
        config, flags, lambda values: evaluate_settings(_both_normalized(values, normalize))
    )
    check_there(settings.run.input)
    check_lasting(settings.run.output)

    import time

    from raydrift.engine.evaluate import evaluate as run
    from raydrift.paths import StoragePath

    start = time.monotonic()
    evaluation = run(settings, quiet=quiet)
    output_folder = StoragePath.of(settings.run.output, settings.run.options_of("output"))
    print_result(evaluation, output_folder, time.monotonic() - start)


def print_result(evaluation: "Evaluation", output: object, seconds: float) -> None:
    """Prints what was measured, and where it is."""
    from rich.table import Table

    from raydrift.cli.console import console, print_lacking
    from raydrift.report.text import level_name, number
    from raydrift.storage import layout
    from raydrift.text import plural

    out = console()
    images = plural(evaluation.samples, "image")
    batches = plural(len(evaluation.batches), "batch")
    rejected = f", {len(evaluation.left_out):,} rejected" if evaluation.left_out else ""
    out.print(f"{evaluation.sweep}: {images} in {batches}{rejected}, measured in {seconds:.1f} s")
    for line in evaluation.input_summary.lines:
        out.print(f"  {line}")
    table = Table("level", title="KL divergence of a batch, nats", title_justify="left")
    for name in ("median", "quartiles", "classifier's AUC"):
        table.add_column(name, justify="right")
    for row in evaluation.summary:
        quartiles = f"{number(row.lower)} to {number(row.upper)}"
        table.add_row(level_name(row.level), number(row.median), quartiles, number(row.auc))
    out.print(table)
    if evaluation.task is not None:
        _print_task(out, evaluation.task)
    print_lacking(out, evaluation.left_out, evaluation.unmeasured)
    if evaluation.unmeasured:
        out.print("  larger batches may have what is missing: --batch-size")
    written = (*layout.EVALUATED, *(layout.OF_TASK if evaluation.task is not None else ()))
    for name in (*written, layout.EVALUATION):
        out.print(f"  {output}/{name}")


def _both_normalized(values: "Mapping[str, Any]", normalize: bool | None) -> "Mapping[str, Any]":
    """The settings with --normalize said of the user's model too, where nothing else is said."""
    task = values.get("task")
    if not normalize or not isinstance(task, dict) or "normalize" in task:
        return values
    return {**values, "task": {**task, "normalize": "imagenet"}}


def _print_task(out: "Console", task: "TaskFindings") -> None:
    """Prints what the user's model gets right."""
    from rich.table import Table

    from raydrift.report.text import level_name, number

    table = Table("level", title="What the model gets right", title_justify="left")
    others = {**task.other_scores}
    others |= {name: title for name, title in _SHORT.items() if name in others}
    for name in (task.quality, "95 % interval", *others.values()):
        table.add_column(name, justify="right")
    for one in task.levels:
        name = "original" if one.level is None else level_name(one.level)
        low, high = one.interval
        scores = [getattr(one.total, name) for name in others]
        interval = f"{number(low)} to {number(high)}"
        table.add_row(name, number(one.total.quality), interval, *map(number, scores))
    out.print(table)
    out.print(f"  {task.sentence}")
    if task.warning is not None:
        out.print(f"  {task.warning}")

"""``raydrift matrix``: how well what is learned on one view of a camera does on another."""

from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Augmentation,
    BatchSize,
    Compat,
    Config,
    Epochs,
    ImageSize,
    Input,
    Labels,
    Masks,
    Mlflow,
    MlflowExperiment,
    MlflowRun,
    Normalize,
    NumSamples,
    Output,
    Precision,
    Raw,
    Seed,
    Split,
    Splits,
    TrainSize,
    ValueRange,
    Verbose,
    Views,
    Weights,
    Workers,
)

if TYPE_CHECKING:
    from rich.console import Console

    from raydrift.report.matrix import Matrix


def matrix(
    input: Input = None,
    output: Output = None,
    views: Views = None,
    compat: Compat = None,
    splits: Splits = None,
    train_size: TrainSize = None,
    divergence: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC|none",
            help="How far each view is from each other one, batch by batch.",
            show_default="kl_softmax",
        ),
    ] = None,
    corruptions: Annotated[
        str | None,
        typer.Option(
            metavar="SEVERITY|LIST|none",
            help="Test each model on its own view under ten published corruptions too, at "
            "severities from 1 to 5: 3, 1,3,5 or 1:5:1. A probe needs ten more embeddings a "
            "severity, for each view of an image.",
            show_default="none",
        ),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(
            metavar="resnet18|resnet34|unet|unetplusplus",
            help="Train this network on each view; the U-Nets learn masks.",
            show_default="a probe on embeddings",
        ),
    ] = None,
    epochs: Epochs = None,
    lr: Annotated[
        float | None, typer.Option(help="The learning rate of Adam.", show_default="0.001")
    ] = None,
    train_batch_size: Annotated[
        int | None, typer.Option(help="Images a step of a training.", show_default="32")
    ] = None,
    augmentation: Augmentation = None,
    train_weights: Annotated[
        str | None,
        typer.Option(
            metavar="random|imagenet|PATH",
            help="What a network begins with, all but its last layer.",
            show_default="random",
        ),
    ] = None,
    train_normalize: Annotated[
        str | None,
        typer.Option(
            metavar="none|imagenet|MEANS/SDS",
            help="Before a network that is trained, as --task-normalize of evaluate.",
            show_default="none",
        ),
    ] = None,
    keep_models: Annotated[
        bool | None,
        typer.Option("--keep-models", help="Keep the networks, in models/, for evaluate --task."),
    ] = None,
    batch_size: BatchSize = None,
    num_samples: NumSamples = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    weights: Weights = None,
    normalize: Normalize = None,
    precision: Precision = None,
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
        bool | None, typer.Option("--overwrite", help="Replace another matrix.")
    ] = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Learn on each view of a camera, test on each other one: tables, a plot and a page.

    No picture is written. The same command goes on where it was stopped; on an output that is
    finished it measures again.
    """
    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values
    from raydrift.settings.toml import matrix_settings

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "split": split,
        "catalog": {"labels": labels},
        "output": output,
        "views": views or None,
        "compat": compat,
        "splits": splits,
        "train_size": train_size,
        "divergence": divergence,
        "corruptions": corruptions,
        "train": {
            "network": train,
            "epochs": epochs,
            "lr": lr,
            "batch_size": train_batch_size,
            "augmentation": augmentation,
            "weights": train_weights,
            "normalize": train_normalize,
            "keep_models": keep_models,
        },
        "seed": seed,
        "num_samples": num_samples,
        "image": image_flags(image_size, value_range),
        "raw": {} if raw else None,
        "masks": masks,
        "embedding": {
            "weights": weights,
            "normalize": normalize,
            "precision": precision,
            "batch_size": batch_size,
        },
        "write": {"overwrite": overwrite},
        "mlflow": {"uri": mlflow, "experiment": mlflow_experiment, "run": mlflow_run},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    settings = read_values(config, flags, matrix_settings)
    check_there(settings.run.input)
    check_lasting(settings.run.output)

    import time

    from raydrift.engine.matrix import matrix as run
    from raydrift.paths import StoragePath

    start = time.monotonic()
    found = run(settings, quiet=quiet)
    output_folder = StoragePath.of(settings.run.output, settings.run.options_of("output"))
    print_result(found, output_folder, time.monotonic() - start)


def print_result(found: "Matrix", output: object, seconds: float) -> None:
    """Prints what was found, and where it is."""
    from raydrift.cli.console import console, print_lacking
    from raydrift.report.corruption_texts import corruption_sentences
    from raydrift.report.matrix_texts import matrix_sentences
    from raydrift.storage import layout
    from raydrift.text import plural

    out = console()
    rejected = f", {len(found.left_out):,} rejected" if found.left_out else ""
    images = f"{plural(found.samples, 'image')} of {plural(found.files, 'file')}"
    out.print(f"{len(found.views)} views of {images}{rejected}, measured in {seconds:.1f} s")
    for line in found.input_summary.lines:
        out.print(f"  {line}")
    _print_columns(out, found)
    sentences = matrix_sentences(found)
    if found.corruptions is not None:
        sentences += corruption_sentences(found.corruptions)
    for sentence in sentences:
        out.print(f"  {sentence}")
    print_lacking(out, found.left_out, found.unmeasured)
    lacking = {
        layout.MATRIX: found.scores is None,
        layout.CORRUPTIONS: found.corruptions is None,
        layout.CORRUPTIONS_PLOT: found.corruptions is None,
        layout.VIEW_DIVERGENCE: found.divergence is None,
    }
    for name in (*layout.MATRIX_RESULTS, layout.MATRIX_RECORD):
        if not lacking.get(name):
            out.print(f"  {output}/{name}")


def _print_columns(out: "Console", found: "Matrix") -> None:
    """Prints how each view does on itself, and in the mean of the others."""
    import numpy as np
    from rich.table import Table

    from raydrift.report.matrix import column_means
    from raydrift.report.matrix_texts import QUALITIES, hundredths
    from raydrift.report.text import number

    table = Table("view", title="Each view, tested on; in hundredths", title_justify="left")
    columns = []
    if found.scores is not None:
        means = found.scores.means
        own = f"{QUALITIES[means.name]} of its own {found.learner}"
        columns += [
            (own, map(hundredths, np.diagonal(means.quality))),
            ("mean drop of the others", map(hundredths, column_means(means.drop))),
        ]
    if (scores := found.corruptions) is not None:
        place = scores.middle
        of_each = map(hundredths, scores.drop[..., place].mean(axis=1))
        columns.append((f"mean drop at severity {scores.severities[place]}", of_each))
    if found.divergence is not None:
        of = column_means(found.divergence.median)
        columns.append((f"{found.divergence.metric} from the others", map(number, of)))
    for name, _ in columns:
        table.add_column(name, justify="right")
    for cells in zip(found.views, *(values for _, values in columns), strict=True):
        table.add_row(*cells)
    out.print(table)

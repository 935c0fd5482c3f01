"""``raydrift adjust``: a camera and the user's model learn together."""

from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Augmentation,
    Config,
    Epochs,
    ImageSize,
    Input,
    Labels,
    Masks,
    Mlflow,
    MlflowExperiment,
    MlflowRun,
    NumSamples,
    Output,
    Raw,
    Seed,
    Split,
    Splits,
    TaskNormalize,
    TrainSize,
    Transform,
    Twins,
    ValueRange,
    Verbose,
    Workers,
)

if TYPE_CHECKING:
    from raydrift.report.adjustment import Adjustment


def adjust(
    input: Input = None,
    output: Output = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Your model: a torch.export program, or resnet18:PATH or resnet34:PATH.",
        ),
    ] = None,
    task_normalize: TaskNormalize = None,
    transform: Transform = None,
    splits: Splits = None,
    train_size: TrainSize = None,
    epochs: Epochs = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate of the model.", show_default="0.0001")
    ] = None,
    camera_lr: Annotated[
        float | None,
        typer.Option(help="Learning rate of the camera.", show_default="the model's"),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images a step.", show_default="32")
    ] = None,
    augmentation: Augmentation = None,
    learn: Annotated[
        str | None,
        typer.Option(
            metavar="all|last|none",
            help="What learns of the model: all, its last layer, or none of it, the camera alone.",
            show_default="all",
        ),
    ] = None,
    processor: Annotated[
        str | None,
        typer.Option(
            metavar="parametrized|neural_network|none",
            help="What learns as the camera: its 132 numbers, or a UNet++; none: the model sees "
            "half-size mosaics.",
            show_default="parametrized",
        ),
    ] = None,
    stages: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Keep what each stage of the camera makes of N images, with gradients, and all "
            "predictions.",
            show_default="0",
        ),
    ] = None,
    num_samples: NumSamples = None,
    split: Split = None,
    labels: Labels = None,
    masks: Masks = None,
    twins: Twins = None,
    seed: Seed = None,
    raw: Raw = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    workers: Workers = None,
    mlflow: Mlflow = None,
    mlflow_experiment: MlflowExperiment = None,
    mlflow_run: MlflowRun = None,
    config: Config = None,
    address: Address = None,
    overwrite: Annotated[
        bool | None, typer.Option("--overwrite", help="Replace another adjustment.")
    ] = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Adjust a camera to your model on drifted images: curves, a page, the camera and the model.

    The camera and the model learn together, and the model learns alone, from the same images. The
    same command continues a stopped run.
    """
    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values
    from raydrift.settings.toml import adjust_settings

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "output": output,
        "split": split,
        "catalog": {"labels": labels},
        "masks": masks,
        "twins": twins,
        "task": {"model": task, "normalize": task_normalize},
        "transforms": transform or None,
        "splits": splits,
        "train_size": train_size,
        "epochs": epochs,
        "lr": lr,
        "camera_lr": camera_lr,
        "batch_size": batch_size,
        "augmentation": augmentation,
        "learn": learn,
        "processor": processor,
        "stages": stages,
        "num_samples": num_samples,
        "seed": seed,
        "raw": {} if raw else None,
        "image": image_flags(image_size, value_range),
        "write": {"overwrite": overwrite},
        "mlflow": {"uri": mlflow, "experiment": mlflow_experiment, "run": mlflow_run},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    settings = read_values(config, flags, adjust_settings)
    check_there(settings.run.input)
    check_lasting(settings.run.output)

    import time

    from raydrift.engine.adjust import adjust as run
    from raydrift.paths import StoragePath

    start = time.monotonic()
    found = run(settings, quiet=quiet)
    output_folder = StoragePath.of(settings.run.output, settings.run.options_of("output"))
    print_result(found, output_folder, time.monotonic() - start)


def print_result(found: "Adjustment", output: object, seconds: float) -> None:
    """Prints what was found, and where it is."""
    from raydrift.cli.console import console, print_lacking
    from raydrift.report.adjustment import adjustment_sentences
    from raydrift.storage import layout
    from raydrift.text import plural

    out = console()
    rejected = f", {len(found.left_out):,} rejected" if found.left_out else ""
    trainings = plural(2 * found.curves.splits, "training")
    out.print(f"{trainings} on {plural(found.samples, 'image')}{rejected}, in {seconds:.1f} s")
    for line in (*found.input_summary.lines, *adjustment_sentences(found)):
        out.print(f"  {line}")
    print_lacking(out, found.left_out, found.unmeasured)
    lacking = {layout.STAGES, layout.PREDICTIONS} - found.kept.keys()
    results = (name for name in layout.ADJUST_RESULTS if name not in lacking)
    for name in (*results, layout.ADJUST_RECORD):
        out.print(f"  {output}/{name}")

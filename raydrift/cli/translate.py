"""``raydrift translate``: one domain is made to look like another, by a network that learns it."""

from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Config,
    Container,
    ContainerBytes,
    Input,
    KeepShards,
    Labels,
    MaxRejected,
    NoFinalize,
    NumSamples,
    OnError,
    OrganizeByClass,
    Output,
    Overwrite,
    Seed,
    ShardSize,
    Split,
    ValueRange,
    Verbose,
    Workers,
)

if TYPE_CHECKING:
    from raydrift.settings.translate import TranslateSettings
    from raydrift.storage.record import JobRecord

TRAINING_PANEL = "Training"

To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="TARGET",
        help="The images to look like: a folder or a manifest. The network is trained on both.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="EARLIER",
        help="The output of an earlier run, or its model/generator.safetensors. Nothing is "
        "trained.",
    ),
]
GeneratedSize = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE|HEIGHTxWIDTH",
        help="Pixels of the network's images, and of the output.",
        show_default="256",
    ),
]
Channels = Annotated[
    int | None,
    typer.Option(help="3, or 1 for grey images.", show_default="3", rich_help_panel=TRAINING_PANEL),
]
BatchSize = Annotated[
    int | None,
    typer.Option(help="Images per step, over all trainers.", rich_help_panel=TRAINING_PANEL),
]
Trainers = Annotated[
    str | None,
    typer.Option(
        metavar="COUNT|auto",
        help="Processes that train together.",
        show_default="auto: one per GPU, else 1",
        rich_help_panel=TRAINING_PANEL,
    ),
]
TrainPrecision = Annotated[
    str | None,
    typer.Option(
        metavar="float32|bfloat16",
        help="Numbers that the networks are trained with.",
        show_default="float32",
        rich_help_panel=TRAINING_PANEL,
    ),
]
MaxHours = Annotated[
    float | None,
    typer.Option(
        help="Stop the training after so many hours. The same command continues it.",
        rich_help_panel=TRAINING_PANEL,
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Start from an earlier run, a training.pt or a generator.safetensors.",
        rich_help_panel=TRAINING_PANEL,
    ),
]
MeasuredBy = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="imagenet|random|PATH",
        help="Measure the images in this ResNet18 at every save.",
        show_default="by pixels alone",
        rich_help_panel=TRAINING_PANEL,
    ),
]
NoValidate = Annotated[
    bool | None,
    typer.Option(
        "--no-validate",
        help="Train on an input that the checks would refuse.",
        rich_help_panel=TRAINING_PANEL,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        help="An epoch has as many pairs as the larger domain has images.",
        show_default="100",
        rich_help_panel=TRAINING_PANEL,
    ),
]
Direction = Annotated[
    str | None,
    typer.Option(
        metavar="to_target|to_source",
        help="With --model: to_source if the images are of the other domain.",
        show_default="to_target",
    ),
]


def translate(
    input: Input = None,
    output: Output = None,
    to: To = None,
    model: Model = None,
    direction: Direction = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    trainers: Trainers = None,
    precision: TrainPrecision = None,
    max_hours: MaxHours = None,
    resume: Resume = None,
    channels: Channels = None,
    no_validate: NoValidate = None,
    weights: MeasuredBy = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    num_samples: NumSamples = None,
    container: Container = None,
    container_bytes: ContainerBytes = None,
    organize_by_class: OrganizeByClass = None,
    image_size: GeneratedSize = None,
    value_range: ValueRange = None,
    shard_size: ShardSize = None,
    workers: Workers = None,
    on_error: OnError = None,
    max_rejected: MaxRejected = None,
    config: Config = None,
    address: Address = None,
    overwrite: Overwrite = None,
    keep_shards: KeepShards = None,
    no_finalize: NoFinalize = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Make the images of one domain look like those of another (CycleGAN).

    The domains need no pairs. Networks are trained on both, then every image is translated. With
    --weights the result is measured in that network at every save.

    The same command on the same output continues where it stopped.
    """
    from functools import partial

    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values, write_flags
    from raydrift.settings.gan_toml import translate_settings
    from raydrift.settings.modelarts import CYCLEGAN, with_our_names

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "output": output,
        "to": to,
        "model": model,
        "direction": direction,
        "channels": channels,
        "train": training_flags(batch_size, trainers, precision, max_hours, resume, weights)
        | {"epochs": epochs},
        "validate": {"check": None if no_validate is None else not no_validate},
        "split": split,
        "catalog": {"labels": labels},
        "seed": seed,
        "num_samples": num_samples,
        "image": image_flags(image_size, value_range),
        "write": write_flags(
            container,
            container_bytes,
            organize_by_class,
            shard_size=shard_size,
            keep_shards=keep_shards,
            no_finalize=no_finalize,
            overwrite=overwrite,
        ),
        "faults": {"on_error": on_error, "max_rejected": max_rejected},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    theirs = partial(with_our_names, operator=CYCLEGAN)
    settings = read_values(config, flags, translate_settings, theirs)
    check_there(settings.run.input)
    if settings.to is not None:
        check_there(settings.to)
    check_lasting(settings.run.output)
    run_translate(settings, quiet)


def training_flags(
    batch_size: int | None,
    trainers: str | None,
    precision: str | None,
    max_hours: float | None,
    resume: str | None,
    weights: str | None,
) -> dict[str, object]:
    """What the flags of a training say, as the table ``[train]`` has it.

    Raises:
        SettingsError: The number of trainers cannot be read.
    """
    from raydrift.errors import SettingsError

    if trainers is not None and trainers != "auto" and not trainers.isdecimal():
        raise SettingsError(f'train.workers is {trainers!r}: give "auto" or a whole number')
    return {
        "batch_size": batch_size,
        "workers": int(trainers) if trainers and trainers.isdecimal() else trainers,
        "precision": precision,
        "max_hours": max_hours,
        "resume": resume,
        "weights": weights,
    }


def run_translate(settings: "TranslateSettings", quiet: bool = False) -> "JobRecord":
    """Translates the images and says what was written."""
    from functools import partial

    from raydrift.cli.generate import told_run
    from raydrift.engine.translate import translate as run

    record = told_run(settings.run, partial(run, settings, quiet=quiet))
    if settings.model is None:
        print_training(settings.run.output)
    return record


def print_training(output: str) -> None:
    """Prints where the files of a training are."""
    from raydrift.cli.console import console
    from raydrift.storage import layout

    out, place = console(), output.rstrip("/")
    for name in (f"{layout.TRAINED}/{layout.GENERATOR}", f"{layout.SAMPLES}/", layout.REPORT):
        out.print(f"  {place}/{name}")

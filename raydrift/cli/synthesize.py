"""``raydrift synthesize``: more images of a small set, by a network that learns it."""

from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Config,
    Container,
    ContainerBytes,
    KeepShards,
    Labels,
    MaxRejected,
    NoFinalize,
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
from raydrift.cli.translate import (
    TRAINING_PANEL,
    BatchSize,
    Channels,
    GeneratedSize,
    MaxHours,
    MeasuredBy,
    Model,
    NoValidate,
    Resume,
    Trainers,
    TrainPrecision,
    print_training,
    training_flags,
)

if TYPE_CHECKING:
    from raydrift.settings.synthesize import SynthesizeSettings
    from raydrift.storage.record import JobRecord

LearnedInput = Annotated[
    str | None,
    typer.Argument(
        help="Images to learn from: a folder, with one sub-folder a class or flat, or a manifest. "
        "With --model there is none: the only argument is the output."
    ),
]
PerClass = Annotated[
    int | None, typer.Option(help="Images to make of each class.", show_default="300")
]
Kimg = Annotated[
    float | None,
    typer.Option(
        help="Thousands of images that the training sees. 300 from nothing give a sketch; good "
        "images take about 5,000, or 1,000 from an earlier model (--resume).",
        show_default="300",
        rich_help_panel=TRAINING_PANEL,
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="conditional|separate",
        help="One network for all classes, or one for each.",
        show_default="conditional",
        rich_help_panel=TRAINING_PANEL,
    ),
]
Truncation = Annotated[
    float | None,
    typer.Option(
        metavar="PSI",
        help="1 is all the variety; smaller values are closer to the mean image, and cleaner.",
        show_default="1",
    ),
]


def synthesize(
    input: LearnedInput = None,
    output: Output = None,
    model: Model = None,
    num_samples: PerClass = None,
    truncation: Truncation = None,
    kimg: Kimg = None,
    batch_size: BatchSize = None,
    trainers: Trainers = None,
    precision: TrainPrecision = None,
    max_hours: MaxHours = None,
    resume: Resume = None,
    classes: Classes = None,
    channels: Channels = None,
    no_validate: NoValidate = None,
    weights: MeasuredBy = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
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
    """Make new images that look like those of a small set (StyleGAN2 with adaptive augmentation).

    A network is trained on the images, at least 70 of each class. Then it makes new ones of every
    class. With --weights the result is measured in that network at every save.

    The same command on the same output continues where it stopped.
    """
    from functools import partial

    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values, write_flags
    from raydrift.settings.gan_toml import synthesize_settings
    from raydrift.settings.modelarts import STYLEGAN, with_our_names

    quiet = start_log(log, verbose)
    only_output = model is not None and output is None
    flags = {
        "input": None if only_output else input,
        "output": input if only_output else output,
        "model": model,
        "channels": channels,
        "num_samples": num_samples,
        "train": training_flags(batch_size, trainers, precision, max_hours, resume, weights)
        | {"kimg": kimg},
        "stylegan": {"classes": classes, "truncation": truncation},
        "validate": {"check": None if no_validate is None else not no_validate},
        "split": split,
        "catalog": {"labels": labels},
        "seed": seed,
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
    theirs = partial(with_our_names, operator=STYLEGAN)
    settings = read_values(config, flags, synthesize_settings, theirs)
    if settings.model is None:
        check_there(settings.run.input)
    check_lasting(settings.run.output)
    run_synthesize(settings, quiet)


def run_synthesize(settings: "SynthesizeSettings", quiet: bool = False) -> "JobRecord":
    """Makes the images and says what was written."""
    from functools import partial

    from raydrift.cli.generate import told_run
    from raydrift.engine.synthesize import synthesize as run
    from raydrift.settings.synthesize import SEPARATE

    record = told_run(settings.run, partial(run, settings, quiet=quiet))
    if settings.model is None and settings.stylegan.classes != SEPARATE:
        print_training(settings.run.output)
    return record

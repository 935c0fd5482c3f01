"""``raydrift flow``: augmented copies of images, as training sees them, on disk."""

from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Config,
    Container,
    ContainerBytes,
    ImageSize,
    Input,
    KeepShards,
    Labels,
    Level,
    Masks,
    MaxRejected,
    NoFinalize,
    Normalize,
    NumSamples,
    OnError,
    OrganizeByClass,
    Output,
    Overwrite,
    Precision,
    Profile,
    Raw,
    Seed,
    ShardSize,
    Split,
    Target,
    ValueRange,
    Verbose,
    Weights,
    Workers,
)

if TYPE_CHECKING:
    from raydrift.settings.generate import GenerateSettings
    from raydrift.storage.record import JobRecord

_PANEL = "Augmentation"

Rotate = Annotated[
    float | None,
    typer.Option(
        "--rotate",
        "--rotation",
        metavar="DEGREES",
        help="Turn by up to this, either way.",
        rich_help_panel=_PANEL,
    ),
]
Shift = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Shift by up to this share of the width and of the height.",
        rich_help_panel=_PANEL,
    ),
]
Shear = Annotated[
    float | None,
    typer.Option(metavar="DEGREES", help="Slant by up to this.", rich_help_panel=_PANEL),
]
Zoom = Annotated[
    tuple[float, float] | None,
    typer.Option(
        metavar="LOW HIGH",
        help="Zoom by a factor from LOW to HIGH; above 1 more of the scene is seen.",
        rich_help_panel=_PANEL,
    ),
]
Flip = Annotated[
    bool | None, typer.Option("--flip", help="Mirror half of the copies.", rich_help_panel=_PANEL)
]
FlipVertical = Annotated[
    bool | None,
    typer.Option(
        "--flip-vertical", help="Turn half of the copies upside down.", rich_help_panel=_PANEL
    ),
]
KeepAspect = Annotated[
    bool | None,
    typer.Option(
        "--keep-aspect",
        help="Zoom both directions by one factor, not each by its own.",
        rich_help_panel=_PANEL,
    ),
]
Fill = Annotated[
    str | None,
    typer.Option(
        metavar="nearest|reflect|constant|wrap",
        help="What lies around an image that was moved.",
        show_default="nearest",
        rich_help_panel=_PANEL,
    ),
]
FillValue = Annotated[
    float | None,
    typer.Option(
        metavar="LEVEL",
        help="The grey level of constant, 0 to 255.",
        show_default="0",
        rich_help_panel=_PANEL,
    ),
]
Brightness = Annotated[
    tuple[float, float] | None,
    typer.Option(
        metavar="LOW HIGH",
        help="Multiply all levels by a factor from LOW to HIGH.",
        rich_help_panel=_PANEL,
    ),
]
Contrast = Annotated[
    tuple[float, float] | None,
    typer.Option(
        metavar="LOW HIGH",
        help="Multiply the distance from the mean grey.",
        rich_help_panel=_PANEL,
    ),
]
ChannelShift = Annotated[
    float | None,
    typer.Option(
        metavar="LEVELS",
        help="Add up to this many grey levels to all channels, or take them away.",
        rich_help_panel=_PANEL,
    ),
]
Drift = Annotated[
    list[str] | None,
    typer.Option(
        "--drift",
        "-t",
        metavar="NAME:LEVEL",
        help="Then a transform at a level from 0 to 1, as generate has them; may be repeated.",
        rich_help_panel=_PANEL,
    ),
]
Copies = Annotated[
    int | None, typer.Option(help="Copies of each image, an epoch each.", show_default="1")
]


def flow(
    input: Input = None,
    output: Output = None,
    copies: Copies = None,
    rotate: Rotate = None,
    shift: Shift = None,
    shear: Shear = None,
    zoom: Zoom = None,
    flip: Flip = None,
    flip_vertical: FlipVertical = None,
    keep_aspect: KeepAspect = None,
    fill: Fill = None,
    fill_value: FillValue = None,
    brightness: Brightness = None,
    contrast: Contrast = None,
    channel_shift: ChannelShift = None,
    drift: Drift = None,
    profile: Profile = None,
    target: Target = None,
    level: Level = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    num_samples: NumSamples = None,
    container: Container = None,
    container_bytes: ContainerBytes = None,
    organize_by_class: OrganizeByClass = None,
    embeddings: Annotated[
        bool | None, typer.Option("--embeddings", help="Also write ResNet18 embeddings.")
    ] = None,
    weights: Weights = None,
    normalize: Normalize = None,
    precision: Precision = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    raw: Raw = None,
    masks: Masks = None,
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
    """Write augmented copies of images: what a flow with these settings gives a training.

    They are written epoch after epoch. The tables drift of a TOML file are a curriculum over them.

    The same command on the same output finishes what is missing.
    """
    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values, write_flags
    from raydrift.settings.copies import copies_settings

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "output": output,
        "copies": copies,
        "augment": {
            "rotate": rotate,
            "shift": shift,
            "shear": shear,
            "zoom": zoom,
            "flip": flip,
            "flip_vertical": flip_vertical,
            "keep_aspect": keep_aspect,
            "fill": fill,
            "fill_value": fill_value,
            "brightness": brightness,
            "contrast": contrast,
            "channel_shift": channel_shift,
            "drift": drift or None,
        },
        "calibration": {"profile": profile, "target": target, "level": level},
        "split": split,
        "catalog": {"labels": labels},
        "seed": seed,
        "num_samples": num_samples,
        "image": image_flags(image_size, value_range),
        "raw": {} if raw else None,
        "masks": masks,
        "embedding": {
            "compute": embeddings,
            "weights": weights,
            "normalize": normalize,
            "precision": precision,
        },
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
    settings = read_values(config, flags, copies_settings)
    check_there(settings.input)
    check_lasting(settings.output)
    run_flow(settings, quiet)


def run_flow(settings: "GenerateSettings", quiet: bool = False) -> "JobRecord":
    """Writes the copies and says what was written."""
    from functools import partial

    from raydrift.cli.generate import told_run
    from raydrift.engine.generate import generate as run

    notes = []
    calibrated = settings.calibration.profile is not None
    if not (settings.transforms or settings.drift or calibrated):
        notes.append("no augmentation was asked for (--rotate, --flip, ...): copies are all alike")
    return told_run(settings, partial(run, settings, notes=notes, quiet=quiet))

"""``raydrift preview``: what transforms do to a few images of one's own, on one sheet."""

from typing import Annotated

import typer

from raydrift.cli.options import Config, ImageSize, Labels, Raw, Seed, Split, Twins, ValueRange


def preview(
    input: Annotated[
        str,
        typer.Argument(
            help="Folder with one sub-folder a class, or a .parquet, .csv or .manifest file."
        ),
    ],
    output: Annotated[str, typer.Argument(metavar="OUTPUT.png", help="Picture to write.")],
    transform: Annotated[
        list[str] | None,
        typer.Option(
            "--transform",
            "-t",
            metavar="NAME",
            help="A transform to show; may be repeated.",
            show_default="those of --config, or all of raydrift's",
        ),
    ] = None,
    levels: Annotated[
        str, typer.Option(metavar="FIRST:LAST:STEP|A,B,…", help="Levels from 0 to 1.")
    ] = "0.2:1.0:0.2",
    images: Annotated[int, typer.Option(help="How many images to show.")] = 3,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    raw: Raw = None,
    twins: Twins = None,
    config: Config = None,
) -> None:
    """Show transforms by levels on the first images of a run, as generate would write them."""
    import numpy as np

    from raydrift.cli.console import console
    from raydrift.cli.files import check_folder, write_file
    from raydrift.cli.settings import image_flags, read_settings
    from raydrift.errors import SettingsError
    from raydrift.images.codec import encode_png
    from raydrift.paths import StoragePath
    from raydrift.report.preview import preview as draw
    from raydrift.settings.levels import parse_levels
    from raydrift.transforms import plain_name, plain_transforms, split_level

    if not output.lower().endswith(".png"):
        raise SettingsError(f"output {output!r}: write the picture's name as NAME.png")
    flags = {
        "input": input,
        "split": split,
        "catalog": {"labels": labels},
        "output": output,
        "seed": seed,
        "image": image_flags(image_size, value_range),
        "raw": {} if raw else None,
        "twins": twins,
    }
    settings = read_settings(config, flags)
    for name in transform or ():
        if split_level(name)[1] is not None:
            raise SettingsError(f"transform {name!r}: name it alone, all --levels are shown")
    names = [plain_name(name) for name in transform or ()]
    names = names or [info.name for info in settings.transforms]
    names = names or plain_transforms(with_twins=settings.twins is not None)
    place = StoragePath.of(settings.output, settings.options_of("output"))
    check_folder(place)
    found = draw(settings, list(dict.fromkeys(names)), parse_levels(levels), images)
    write_file(place, encode_png(np.asarray(found.sheet)))
    out = console()
    many = "images" if len(found.sample_ids) > 1 else "image"
    out.print(f"{len(found.sample_ids)} {many} in {place}")
    if found.passed_over:
        out.print(f"  passed over: {found.passed_over:,} (first: {found.first_problem})")
    for line in found.input_summary.lines:
        out.print(f"  {line}")

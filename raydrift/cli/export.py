"""``raydrift export``: a run as loose files, or a model for other programs."""

import time
from collections.abc import Callable
from typing import Annotated, Final

import typer

from raydrift.cli.log import Log, start_log

_TOLD_EVERY_S: Final = 10.0


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL",
            help="Finished output of generate, flow, translate or synthesize, or a view's folder; "
            "with --format also a generator.safetensors.",
        ),
    ],
    output: Annotated[str, typer.Argument(help="Folder to write, new or empty.")],
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="folders|modelarts",
            help="Images. folders: class folders and metadata.csv, as ImageFolder and Hugging Face "
            "read them. modelarts: Data/ and output_0.manifest, with samples/ and model/ where "
            "there was a training.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="torch|onnx",
            help="The trained model, a file for each network: torch.export, or ONNX with the extra "
            "'onnx' of raydrift.",
        ),
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Whose storage_options are used.")
    ] = None,
    log: Log = None,
) -> None:
    """Write a run's images as loose files, or its model for other programs. Needs no Ray.

    The run stays as it is. The same command finishes an export that was stopped.
    """
    from raydrift.cli.console import console
    from raydrift.cli.files import check_lasting
    from raydrift.exports.export import export as run
    from raydrift.settings.toml import read_toml

    json = start_log(log, None)
    check_lasting(output)
    options = read_toml(config).get("storage_options") if config else None
    files = run(
        source,
        output,
        layout=layout,
        format=format,
        storage_options=options,
        told=(lambda *_: None) if json else _progress(),
    )
    out = console()
    for file in files:
        out.print(file)


def _progress() -> Callable[[int, int], None]:
    """Says now and then how many images are written."""
    from raydrift.cli.console import console

    said = time.monotonic()

    def tell(written: int, images: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _TOLD_EVERY_S:
            said = time.monotonic()
            console(stderr=True).print(f"{written:,} of {images:,} images are written")

    return tell

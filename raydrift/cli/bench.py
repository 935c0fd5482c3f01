"""``raydrift bench``: how fast it is here, and what it needs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raydrift.cli.options import Address, ImageSize, Workers

if TYPE_CHECKING:
    from raydrift.bench.pipeline import PipelineFigures
    from raydrift.settings.generate import GenerateSettings

_TRANSFORMS = ("gaussian_blur:0.5", "gaussian_noise:0.2")
_ROUNDS = 5
_GROWTH_SIZE = 48

_NETWORK = ("weights", "precision")
_RUN = ("input", "transform", "image_size", "embeddings", *_NETWORK, "workers", "address", "output")
_WHOLE = "the whole pipeline"
_MODES = {
    "kernels": ("input", "image_size", "embeddings", *_NETWORK, "repeat"),
    "peers": (*_RUN, "count", "repeat"),
    "embed_only": ("image_size", *_NETWORK, "repeat", "device"),
    "flows": ("input", "image_size", "workers", "repeat"),
    "scheduling": ("milliseconds",),
    "growth": _RUN,
    "scale": (*_RUN, "count", "assume"),
    _WHOLE: (*_RUN, "count", "repeat"),
}
"""What is measured, and the options that it takes, beside ``--json``."""


def bench(
    context: typer.Context,
    input: Annotated[
        str | None,
        typer.Argument(help="Folder of images, one sub-folder a class.", show_default="drawn"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Samples; images are repeated.")] = 6000,
    transform: Annotated[
        list[str] | None,
        typer.Option(
            "--transform",
            "-t",
            metavar="NAME:LEVEL",
            help="May be repeated.",
            show_default=" ".join(_TRANSFORMS),
        ),
    ] = None,
    image_size: ImageSize = None,
    embeddings: Annotated[bool, typer.Option("--embeddings", help="Embed images, too.")] = False,
    weights: Annotated[
        str, typer.Option(metavar="imagenet|random|PATH", help="Of the network; as fast as random.")
    ] = "random",
    precision: Annotated[
        str, typer.Option(metavar="float32|bfloat16", help="Of the network.")
    ] = "float32",
    workers: Workers = None,
    address: Address = None,
    output: Annotated[
        str | None,
        typer.Option(help="Folder for what is thrown away.", show_default="a temporary one"),
    ] = None,
    repeat: Annotated[
        int | None, typer.Option(min=1, help="Rounds.", show_default="1; 5 of what takes turns")
    ] = None,
    kernels: Annotated[
        bool, typer.Option("--kernels", help="Time each kernel alone, on one core.")
    ] = False,
    peers: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Take turns with the yardsticks there.")
    ] = None,
    flows: Annotated[
        bool, typer.Option("--flows", help="Time flows, in turns with Keras if it is installed.")
    ] = False,
    embed_only: Annotated[
        bool, typer.Option("--embed-only", help="Time the network alone, without Ray.")
    ] = False,
    device: Annotated[
        str | None, typer.Option(metavar="cpu|cuda", help="Of --embed-only.", show_default="cpu")
    ] = None,
    scheduling: Annotated[
        str | None,
        typer.Option(metavar="N|auto", help="Workers that only sleep: are they kept busy?"),
    ] = None,
    milliseconds: Annotated[
        float, typer.Option(min=0.01, help="That --scheduling sleeps for an image.")
    ] = 5.0,
    growth: Annotated[
        str | None, typer.Option(metavar="N,N,…", help="Compare what a sample costs at counts.")
    ] = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="From one run: what up to 1,000,000,000 would take.")
    ] = False,
    assume: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="For --scale, e.g. cores=64; may be repeated."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One line of JSON; the table goes to standard error.")
    ] = False,
) -> None:
    """Measure the pipeline, its parts, or how it grows; nothing is kept."""
    import os
    from dataclasses import asdict
    from json import dumps

    from raydrift.cli.console import console
    from raydrift.errors import SettingsError
    from raydrift.settings.image import ImageSettings
    from raydrift.settings.toml import generate_settings

    _check_options(context)
    elsewhere = address is not None or "RAY_ADDRESS" in os.environ
    runs = not (kernels or flows or embed_only or scheduling)
    if elsewhere and runs and (input is None or output is None):
        missing = "a folder of images" if input is None else "an --output"
        raise SettingsError(f"a cluster may not reach this machine's disk: give it {missing}")
    if growth is not None and image_size is None:
        image_size = "32"
    height, width = ImageSettings.parse_size(image_size or "224")
    settings = generate_settings(
        {
            "input": input or "(drawn)",
            "output": output or "(temporary)",
            "transforms": transform or _TRANSFORMS,
            "image": {"height": height, "width": width},
            "embedding": {
                "compute": embeddings,
                "weights": weights,
                "precision": precision,
            },
            "cluster": {"address": address, "workers": workers},
        }
    )
    if embed_only:
        from raydrift.bench.embedder import measure_embedder

        rounds, on = repeat or _ROUNDS, device or "cpu"
        found: Any = measure_embedder(settings.embedding, on, rounds=rounds, size=settings.image)
    elif scheduling is not None:
        from raydrift.bench.scheduling import measure_scheduling, parse_workers

        found = measure_scheduling(parse_workers(scheduling), milliseconds)
    elif flows:
        found = _flows(input, settings, repeat or _ROUNDS)
    elif kernels:
        found = _kernels(input, settings, repeat or _ROUNDS)
    elif growth is not None:
        found = _growth(input, settings, growth, output)
    elif scale:
        found = _scale(input, settings, count, output, assume or (), quiet=json)
    elif peers is not None or (repeat or 1) > 1:
        found = _rounds(input, settings, count, peers, repeat or _ROUNDS, output)
    else:
        found = _pipeline(input, settings, count, output, quiet=json)
    console(stderr=json).print(found.table())
    if json:
        print(dumps(asdict(found)))


def _check_options(context: typer.Context) -> None:
    """Refuses what the wanted benchmark would not look at."""
    from raydrift.errors import SettingsError

    # Typer does not export what the sources are.
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source and source.name == "COMMANDLINE"]
    modes = [name for name in _MODES if name in given]
    if len(modes) > 1:
        raise SettingsError(f"{_named(modes)[0]} are measured apart: give one of them")
    mode = modes[0] if modes else _WHOLE
    unused = [name for name in given if name not in (mode, "json", *_MODES[mode])]
    if unused:
        names, are, them = _named(unused)
        raise SettingsError(f"{names} {are} not for {_named([mode])[0]}: leave {them} out")
    idle = [name for name in given if name in _NETWORK]
    if idle and mode != "embed_only" and "embeddings" not in given:
        names, are, them = _named(idle)
        raise SettingsError(f"{names} {are} of the network: give --embeddings, or leave {them} out")


def _named(names: Sequence[str]) -> tuple[str, str, str]:
    """Parameters as the user writes them, and what follows them in a sentence."""
    plain = {"input": "the input", _WHOLE: _WHOLE}
    flags = [plain.get(name) or f"--{name.replace('_', '-')}" for name in names]
    one = len(flags) == 1
    return " and ".join(flags), "is" if one else "are", "it" if one else "them"


def _kernels(source: str | None, settings: "GenerateSettings", rounds: int) -> object:
    from raydrift.bench.inputs import images_of
    from raydrift.bench.kernels import measure_kernels

    network = settings.embedding if settings.embedding.compute else None
    with images_of(source) as folder:
        return measure_kernels(folder, settings.image, network, rounds)


def _flows(source: str | None, settings: "GenerateSettings", rounds: int) -> object:
    from raydrift.bench.flows import measure_flows
    from raydrift.bench.inputs import images_of
    from raydrift.cpus import usable_cpus

    with images_of(source) as folder:
        workers = settings.cluster.workers or usable_cpus()
        return measure_flows(folder, settings.image, workers, rounds)


def _pipeline(
    source: str | None, settings: "GenerateSettings", count: int, output: str | None, quiet: bool
) -> "PipelineFigures":
    from dataclasses import replace

    from raydrift.bench.inputs import images_of, scratch
    from raydrift.bench.pipeline import measure_pipeline

    with images_of(source) as folder, scratch(output) as place:
        return measure_pipeline(replace(settings, input=folder, output=place), count, quiet)


def _scale(
    source: str | None,
    settings: "GenerateSettings",
    count: int,
    output: str | None,
    assume: Sequence[str],
    quiet: bool,
) -> object:
    from raydrift.bench.scale import scale_up
    from raydrift.bench.scale_terms import Assumed, Measured

    assumed = Assumed.parse(assume)
    return scale_up(Measured.of(_pipeline(source, settings, count, output, quiet)), assumed)


def _rounds(
    source: str | None,
    settings: "GenerateSettings",
    count: int,
    peers: str | None,
    rounds: int,
    output: str | None,
) -> object:
    from pathlib import Path

    from raydrift.bench.inputs import images_of
    from raydrift.bench.rounds import measure_rounds, yardsticks
    from raydrift.errors import SettingsError

    embedding, workers = settings.embedding, settings.cluster.workers
    options = [] if workers is None else ["--procs", str(workers)]
    if embedding.compute and peers is not None:
        if not Path(embedding.weights).is_file():
            raise SettingsError("yardsticks that embed need a file: give --weights PATH")
        options += ["--embed", embedding.weights]
    scripts = [] if peers is None else yardsticks(peers)
    with images_of(source) as folder:
        others = {one.stem: [str(one), folder, str(count), *options] for one in scripts}
        ours = [*_arguments(folder, settings, output), "--count", str(count)]
        return measure_rounds(ours, others, rounds, _limit_s(count, settings))


def _growth(
    source: str | None, settings: "GenerateSettings", growth: str, output: str | None
) -> object:
    from raydrift.bench.growth import measure_growth, parse_counts
    from raydrift.bench.inputs import images_of

    counts = parse_counts(growth)
    with images_of(source, _GROWTH_SIZE) as folder:
        limit_s = _limit_s(counts[-1], settings)
        return measure_growth(_arguments(folder, settings, output), counts, limit_s)


def _arguments(folder: str, settings: "GenerateSettings", output: str | None) -> list[str]:
    """The same benchmark as a command of its own."""
    image, embedding, cluster = settings.image, settings.embedding, settings.cluster
    arguments = ["bench", folder, "--json", "--image-size", f"{image.height}x{image.width}"]
    for info in settings.transforms:
        arguments += ["--transform", str(info)]
    if embedding.compute:
        arguments += ["--embeddings", "--weights", embedding.weights]
        arguments += ["--precision", embedding.precision]
    for name, value in (
        ("--workers", cluster.workers),
        ("--address", cluster.address),
        ("--output", output),
    ):
        if value is not None:
            arguments += [name, str(value)]
    return arguments


def _limit_s(count: int, settings: "GenerateSettings") -> float:
    """Far longer than any machine takes, and not for ever.

    A second for an image of 224 x 224, larger ones by their pixels, and one more to embed it.
    """
    from raydrift.settings.image import ImageSettings

    larger = max(1.0, settings.image.bytes / ImageSettings().bytes)
    return 300.0 + count * (larger + settings.embedding.compute)

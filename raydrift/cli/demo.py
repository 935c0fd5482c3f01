"""``raydrift demo``: the whole of it, on images that it draws itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from raydrift.settings.embedding import EmbeddingSettings

_TRANSFORMS = (
    "rotate:0.15",
    "brightness:0.2",
    "hue:0.3",
    "gaussian_blur:0.3",
    "gaussian_noise:0.2",
)


def demo(
    output: Annotated[Path, typer.Argument(help="Folder to write.")] = Path("raydrift-demo"),
    per_class: Annotated[int, typer.Option(min=1, help="Images of each class.")] = 50,
) -> None:
    """Draw images of six classes, drift and embed them, and show before and after."""
    from raydrift.cli.console import console
    from raydrift.cli.generate import run_generate
    from raydrift.images.scenes import write_scenes
    from raydrift.paths import StoragePath
    from raydrift.report.before_after import drifted_pairs
    from raydrift.report.contact_sheet import before_after_sheet
    from raydrift.settings.generate import GenerateSettings
    from raydrift.settings.output import OutputSettings
    from raydrift.storage.lock import OutputLock
    from raydrift.transforms import TransformInfo

    out = console()
    scenes, drifted, sheet = output / "scenes", output / "drifted", output / "before_after.png"
    output.mkdir(parents=True, exist_ok=True)
    with OutputLock(StoragePath.of(output)):
        out.print(f"{write_scenes(scenes, per_class)} images drawn in {scenes}")
        embedding, notes = _embedding()
        settings = GenerateSettings(
            input=str(scenes),
            output=str(drifted),
            transforms=tuple(TransformInfo.parse(text) for text in _TRANSFORMS),
            embedding=embedding,
            write=OutputSettings(organize_by_class=True, overwrite=True),
        )
        run_generate(settings, notes)
        pairs = drifted_pairs(settings, per_class=2)
        subtitle = "raydrift generate " + " ".join(f"-t {text}" for text in _TRANSFORMS)
        before_after_sheet(pairs, "Before and after", columns=4, subtitle=subtitle).save(sheet)
    out.print(f"before and after: {sheet}")


def _embedding() -> "tuple[EmbeddingSettings, tuple[str, ...]]":
    from raydrift.embed.weights import find_weights
    from raydrift.errors import WeightsError
    from raydrift.settings.embedding import EmbeddingSettings

    try:
        find_weights("imagenet", seed=0)
    except WeightsError:
        note = "embeddings are of random weights: torchvision's could not be downloaded"
        return EmbeddingSettings(compute=True, weights="random"), (note,)
    return EmbeddingSettings(compute=True), ()

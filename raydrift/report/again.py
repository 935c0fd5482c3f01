"""How to measure the same again: what the pages of all measurements say of it."""

from raydrift.paths import redacted
from raydrift.report.text import level_name
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.evaluated import MeasuredRecord


def run_flags(run: GenerateSettings) -> list[str]:
    """What the command line says of images and of the network.

    Args:
        run: The settings that were measured with. What only a TOML file can say is not in it.
    """
    embedding = run.embedding
    words = ["--weights", redacted(embedding.weights)]
    if embedding.normalize:
        words.append("--normalize")
    if embedding.precision != "float32":
        words += ["--precision", embedding.precision]
    return [*words, *image_flags(run), "--batch-size", str(embedding.batch_size)]


def image_flags(run: GenerateSettings) -> list[str]:
    """What the command line says of images, see ``run_flags``."""
    image, words = run.image, list[str]()
    if run.split is not None:
        words += ["--split", run.split]
    if run.catalog.labels is not None:
        words += ["--labels", redacted(run.catalog.labels)]
    if run.raw is not None:
        words.append("--raw")
    if run.masks is not None:
        words += ["--masks", redacted(run.masks)]
    if isinstance(image.value_range, tuple):
        # With "=": the lower end may be negative, and would be taken for a flag.
        words.append(f"--value-range={','.join(map(level_name, image.value_range))}")
    return [*words, "--image-size", f"{image.height}x{image.width}"]


def twins_flags(run: GenerateSettings) -> list[str]:
    """What the command line says of the images' twins, where they may be blended with them."""
    return [] if run.twins is None else ["--twins", redacted(run.twins)]


def network_fact(run: GenerateSettings, record: MeasuredRecord) -> str:
    """The network that embeds, and how it is asked."""
    embedding, digest = run.embedding, str(record.identity["embedding"]["weights"])
    return (
        f"ResNet18 without its last layer, {redacted(embedding.weights)} ({digest[:16]}), "
        f"{embedding.precision}, {'with' if embedding.normalize else 'without'} ImageNet's "
        "normalisation"
    )


def record_facts(record: MeasuredRecord) -> dict[str, str]:
    """The versions of the packages, and where the time went."""
    return {
        "Versions": ", ".join(f"{name} {version}" for name, version in record.versions.items()),
        "Seconds": ", ".join(
            f"{name.removesuffix('_seconds').replace('_', ' ')} {value:.1f}"
            for name, value in record.timings.items()
        ),
    }

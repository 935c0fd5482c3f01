"""The files that show how a training went: its numbers, its curves, its page."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import PurePosixPath

import pyarrow as pa

from raydrift.engine.training.job import GanSettings, TrainingJob
from raydrift.gan.trainer import Trainer
from raydrift.paths import StoragePath, redacted
from raydrift.report.gan_page import GanFacts, gan_page
from raydrift.report.gan_plot import gan_plot
from raydrift.settings.translate import TranslateSettings
from raydrift.storage import layout
from raydrift.storage.training_record import TrainingRecord
from raydrift.text import plural

_NETWORK = "ResNet18"


def training_pages(
    job: TrainingJob, trainer: Trainer, record: TrainingRecord, progress: pa.Table
) -> dict[str, bytes]:
    """The plot and the page, by their names in the output folder.

    Args:
        job: The training.
        trainer: Its networks.
        record: What the training is.
        progress: What was found so far (``schemas.GAN_PROGRESS``).
    """
    facts = _facts(job, trainer, record)
    samples = job.output / layout.SAMPLES
    names = samples.names()
    grids = {
        _called(name, trainer): samples / name for name in sorted(names) if layout.is_sample(name)
    }
    real = (samples / layout.REAL_SAMPLES).read_bytes() if layout.REAL_SAMPLES in names else None
    page = gan_page(facts, progress, _Files(grids), real)
    return {
        layout.PROGRESS_PLOT: gan_plot(progress, facts.network or _NETWORK),
        layout.REPORT: page.encode(errors="replace"),
    }


class _Files(Mapping[str, bytes]):
    """The contents of files, read when they are asked for: a page shows only some of many."""

    def __init__(self, places: Mapping[str, StoragePath]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> bytes:
        return self._places[name].read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _called(name: str, trainer: Trainer) -> str:
    """What a save is called on the page."""
    step = int(PurePosixPath(name).stem) * trainer.save_steps
    return f"step {min(step, trainer.steps_done):,}"


def _facts(job: TrainingJob, trainer: Trainer, record: TrainingRecord) -> GanFacts:
    settings = job.settings
    source, *other = _inputs(settings)
    weights = job.weights
    workers = f"{plural(record.workers, 'worker')} on " if record.workers > 1 else ""
    return GanFacts(
        kind=str(trainer.description()["kind"]),
        title=f"{_name(source)} → {_name(other[0])}" if other else f"{_name(source)}: new images",
        source=", ".join(map(redacted, (source, *other))),
        steps=trainer.steps_done,
        images=trainer.images_seen,
        seconds=record.seconds,
        all_steps=trainer.steps,
        network=None if weights is None else f"{_NETWORK} ({_name(weights.name)})",
        networks=tuple(_networks(trainer)),
        device=workers + ("a CPU" if record.device == "cpu" else record.device),
        restarts=record.restarts,
        notes=tuple(record.notes),
        settings=_shown(settings),
        version=version("raydrift"),
    )


def _inputs(settings: GanSettings) -> tuple[str, ...]:
    if isinstance(settings, TranslateSettings) and settings.to is not None:
        return settings.run.input, settings.to
    return (settings.run.input,)


def _name(path: str) -> str:
    return PurePosixPath(redacted(path).rstrip("/")).stem or path


def _networks(trainer: Trainer) -> Iterator[str]:
    for name, network in trainer.generators().items():
        count = sum(one.numel() for one in network.parameters())
        yield f"{name.replace('_', ' ')}: {count:,} parameters"


def _shown(settings: GanSettings) -> dict[str, str]:
    """What has to be known to repeat it, by name."""
    run, train = settings.run, settings.train
    colours = "" if settings.channels == 3 else ", grey"
    shown = {"Images": f"{run.image.height} × {run.image.width} pixels{colours}"}
    if isinstance(settings, TranslateSettings):
        rates = f"{settings.train.generator_rate:g}, {settings.train.discriminator_rate:g}"
        shown |= {"Epochs": f"{settings.train.epochs:,}", "Learning rates": rates}
    else:
        rate = settings.train.rate_at(min(run.image.height, run.image.width))
        shown |= {"Real images": f"{settings.train.kimg:g} thousand", "Learning rate": f"{rate:g}"}
    shown["Batch"] = f"{plural(train.batch_size, 'image')}, {train.precision}"
    shown["Held out"] = f"{100 * train.held_out:g} % of the images"
    shown["Seed"] = str(run.seed)
    if train.resume is not None:
        shown["Began with"] = redacted(train.resume)
    return shown

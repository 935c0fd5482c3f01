"""A run whose images a network makes, once the network is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.engine.begun import with_ranges
from raydrift.engine.data.generated_work import GeneratedStage
from raydrift.engine.data.tasks import count_samples
from raydrift.engine.generated_shards import GeneratedShards
from raydrift.engine.identity import run_identity, shown
from raydrift.engine.image_run import ImageRun, make_images
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.training.models import RunModel
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.validate import CROP, FITS
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.record import JobRecord


@dataclass(frozen=True)
class GeneratedRun:
    """A run and the model that makes its images.

    Attributes:
        settings: Its settings.
        catalog: What it makes images of: photographs, or latents.
        output: The folder to write, which is locked.
        model: The model.
        network: Which of its generators makes the images.
        stage: What workers do.
        notes: Plain sentences for ``run.json``.
        truncation: Of synthesized images.
        fit: How photographs get their size, see ``ValidateSettings``.
    """

    settings: GenerateSettings
    catalog: Catalog
    output: StoragePath
    model: RunModel
    network: str
    stage: type[GeneratedStage]
    notes: Sequence[str] = ()
    truncation: float = 1.0
    fit: str = FITS[0]


def generated_images(
    of_run: GeneratedRun, lock: OutputLock, clock: Clock, quiet: bool
) -> JobRecord:
    """Makes the images of a run, or what is missing of them.

    Args:
        of_run: The run.
        lock: Its folder's.
        clock: What its seconds are counted by.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        RaydriftError: As ``generate``.
    """
    settings, catalog, output = of_run.settings, of_run.catalog, of_run.output
    model, network = of_run.model, of_run.network
    how = {"network": network, "truncation": of_run.truncation, "fit": of_run.fit}
    if settings.write.organize_by_class:
        layout.check_class_folders(catalog.classes)
    samples = count_samples(settings, len(catalog))
    listed = catalog.digest()
    settings, ranges, found = with_ranges(settings, catalog, output, listed)
    stream = Stream.of(settings, catalog)
    catalog = replace(catalog, columns=None)  # workers have no use for them
    identity = run_identity(settings, samples, listed, None)
    identity |= {"classes": dict(catalog.labels)} | stream.identity(settings)
    identity |= {"model": model.file.digest, **how}
    run = ImageRun(
        settings,
        catalog,
        output,
        samples,
        identity,
        shown(replace(settings, num_samples=samples)) | {"model": model.shown, **how},
        [*of_run.notes, *catalog.notes, *ranges],
        ranges_found=found,
        maker=lambda size: GeneratedShards(
            settings,
            catalog,
            output,
            samples,
            size,
            stream.where,
            of_run.stage,
            model.file.content,
            model.file.digest,
            network,
            of_run.truncation,
            of_run.fit == CROP,
        ),
    )
    return make_images(run, lock, clock, quiet)

"""One run of the generator, from the input to the merged result."""

from collections.abc import Sequence
from dataclasses import replace

from raydrift.calibrate.profile import calibrated
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import Stream
from raydrift.embed.weights import find_weights
from raydrift.engine.begun import with_ranges
from raydrift.engine.data.tasks import notes_of, run_samples
from raydrift.engine.drifted_shards import DriftedShards
from raydrift.engine.identity import run_identity, shown, twins_identity
from raydrift.engine.image_run import ImageRun, carry_out
from raydrift.engine.jobs.clock import Clock
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.image_sets import replaced_samples, twinned
from raydrift.storage.record import JobRecord


def generate(
    settings: GenerateSettings,
    *,
    catalog: Catalog | None = None,
    notes: Sequence[str] = (),
    quiet: bool = False,
) -> JobRecord:
    """Makes a drifted image set, or what is missing of one.

    Args:
        settings: The run's settings.
        catalog: The input, if it is listed already.
        notes: Plain sentences for ``run.json``.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        CatalogError: The input is not there or empty, or none of its images has a twin.
        SettingsError: More samples are asked for than the input has.
        OutputError: The output holds another run, or cannot be written.
        LockedError: Another run is at work on the output.
        WeightsError: The network's weights cannot be found.
        ResourcesError: Ray has too few CPUs or GPUs.
        RejectedError: Too many images could not be used; the shards are kept.
        PipelineError: A worker failed; what is finished is kept.
    """
    clock = Clock()
    catalog = catalog or catalog_of(settings)
    if settings.write.organize_by_class:
        layout.check_class_folders(catalog.classes)
    samples, ended_by = run_samples(settings, catalog)
    output = StoragePath.of(settings.output, settings.options_of("output"))
    listed = catalog.digest()
    settings, ranges, found = with_ranges(settings, catalog, output, listed)
    weights = None
    if settings.embedding.compute:
        name = settings.embedding.weights
        weights = find_weights(name, settings.seed, settings.options_of("weights"))
    digest = weights.digest if weights else None
    if settings.calibration.profile is not None:
        settings, told = calibrated(settings, listed, digest)
        notes = [*notes, *told]
    if not (settings.transforms or settings.drift):
        settings.profile.check_setups(())
    catalog = twinned(catalog, settings, settings.infos)
    stream = Stream.of(settings, catalog)
    replaced = replaced_samples(settings, catalog, stream)
    notes = [*notes, *catalog.notes, *ranges, *notes_of(settings, stream, samples, ended_by)]
    catalog = replace(catalog, columns=None)  # workers have no use for them
    identity = run_identity(settings, samples, listed, digest)
    identity |= {"classes": dict(catalog.labels)} | stream.identity(settings)
    identity |= twins_identity(catalog) | ({} if replaced is None else replaced.identity())
    run = ImageRun(
        settings,
        catalog,
        output,
        samples,
        identity,
        shown(replace(settings, num_samples=samples)),
        notes,
        ranges_found=found,
        maker=lambda size: DriftedShards(
            settings,
            catalog,
            output,
            samples,
            size,
            stream.where,
            stream.schedule,
            weights,
            replaced,
        ),
    )
    return carry_out(run, clock, quiet)

"""One run of views: photographs become mosaics, and each view develops all of them."""

from collections.abc import Sequence
from dataclasses import replace

from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.stream import Stream
from raydrift.engine.begun import with_ranges
from raydrift.engine.data.tasks import count_samples
from raydrift.engine.identity import run_identity, shown, views_identity
from raydrift.engine.image_run import ImageRun, carry_out
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.view_shards import ViewShards
from raydrift.paths import StoragePath
from raydrift.settings.views import ViewsSettings
from raydrift.storage import layout
from raydrift.storage.record import JobRecord


def views(
    settings: ViewsSettings,
    *,
    catalog: Catalog | None = None,
    notes: Sequence[str] = (),
    quiet: bool = False,
) -> JobRecord:
    """Makes the views of photographs, or what is missing of them.

    Each view is a dataset in a folder of its own, ``bi_s_ga``, as a run that drifts writes it;
    ``views.parquet`` is one table over all.

    Args:
        settings: The run's settings.
        catalog: The input, if it is listed already.
        notes: Plain sentences for ``run.json``.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        CatalogError: The input is not there or empty.
        SettingsError: More samples are asked for than the input has.
        OutputError: The output holds another run, or cannot be written.
        LockedError: Another run is at work on the output.
        ResourcesError: Ray has too few CPUs.
        RejectedError: Too many images could not be used; the shards are kept.
        PipelineError: A worker failed; what is finished is kept.
    """
    clock = Clock()
    run = settings.run
    catalog = catalog or catalog_of(run)
    if run.write.organize_by_class:
        layout.check_class_folders(catalog.classes)
    samples = count_samples(run, len(catalog))
    output = StoragePath.of(run.output, run.options_of("output"))
    listed = catalog.digest()
    run, ranges, found = with_ranges(run, catalog, output, listed)
    stream = Stream.of(run, catalog)
    notes = [*notes, *catalog.notes, *ranges]
    catalog = replace(catalog, columns=None)  # workers have no use for them
    settings = replace(settings, run=run)
    identity = run_identity(run, samples, listed, None) | views_identity(settings)
    identity |= {"classes": dict(catalog.labels)} | stream.identity(run)
    return carry_out(
        ImageRun(
            run,
            catalog,
            output,
            samples,
            identity,
            shown(replace(run, num_samples=samples))
            | {"views": list(settings.views), "compat": settings.compat},
            notes,
            ranges_found=found,
            maker=lambda size: ViewShards(
                run, catalog, output, samples, size, stream.where, settings.compat
            ),
        ),
        clock,
        quiet,
    )

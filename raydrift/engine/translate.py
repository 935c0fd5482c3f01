"""One run that translates images: two domains train a CycleGAN, which makes one look like other."""

from collections.abc import Sequence
from dataclasses import replace

from raydrift.catalog import Catalog
from raydrift.catalog.domains import domain_of, unlabelled
from raydrift.catalog.of_settings import catalog_of
from raydrift.engine.data.generated_work import TranslateStage
from raydrift.engine.generated_run import GeneratedRun, generated_images
from raydrift.engine.image_run import locked_output
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.reports import report_input
from raydrift.engine.training.models import Model, find_model, trained_model
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.translate import TranslateSettings
from raydrift.storage.record import JobRecord


def translate(
    settings: TranslateSettings, *, notes: Sequence[str] = (), quiet: bool = False
) -> JobRecord:
    """Translates the images of a domain, or what is missing of them.

    A CycleGAN is trained, unless a model is given. The same call on the same output continues the
    training at its last save, and then makes the images that are missing.

    Args:
        settings: The run's settings.
        notes: Plain sentences for ``run.json``.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        CatalogError: An input is not there or empty.
        SettingsError: The model is of other images, or no model at all.
        OutputError: The output holds another run, or cannot be written.
        LockedError: Another run is at work on the output.
        ResourcesError: Ray has too few CPUs or GPUs.
        RejectedError: The input cannot be trained on, or too many images cannot be used.
        PipelineError: A worker failed, the training came to nothing, or it stopped before its end.
    """
    clock = Clock()
    run, catalog = domain_of(settings.run)
    settings = replace(settings, run=run)
    output = StoragePath.of(run.output, run.options_of("output"))
    if settings.model is not None:
        model = find_model(settings.model, "cyclegan", run)
        with locked_output(output, quiet) as lock:
            report_input(catalog, quiet)
            of_run = _run(settings, catalog, model, output, notes)
            return generated_images(of_run, lock, clock, quiet)
    target = _target(settings)
    domains = [("source", run, catalog), ("target", target, catalog_of(target))]
    with locked_output(output, quiet) as lock:
        report_input(catalog, quiet)
        model = trained_model(settings, domains, output, lock, clock, quiet)
        return generated_images(_run(settings, catalog, model, output, notes), lock, clock, quiet)


def _target(settings: TranslateSettings) -> GenerateSettings:
    """The other domain as an input; its classes do not matter."""
    options = dict(settings.run.storage_options)
    other = replace(
        settings.run,
        input=str(settings.to),
        num_samples=None,
        start=0,
        class_mapping=None,
        storage_options=options,
    )
    return unlabelled(other)


def _run(
    settings: TranslateSettings,
    catalog: Catalog,
    model: Model,
    output: StoragePath,
    notes: Sequence[str],
) -> GeneratedRun:
    return GeneratedRun(
        settings.run,
        catalog,
        output,
        model,
        settings.direction,
        TranslateStage,
        notes=[*notes, *model.notes],
    )

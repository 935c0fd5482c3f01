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
from raydrift.engine.training.models import RunModel, find_model
from raydrift.engine.training.trained import trained_model
from raydrift.gan.model_content import CYCLEGAN
from raydrift.paths import StoragePath
from raydrift.settings.gan_training import SIDE
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
        model = find_model(settings.model, CYCLEGAN, run)
        settings, told = _sized(settings, model)
        with locked_output(output, quiet) as lock:
            report_input(catalog, quiet)
            of_run = _run(settings, catalog, model, output, [*notes, *told])
            return generated_images(of_run, lock, clock, quiet)
    target = _target(settings)
    domains = [("source", run, catalog), ("target", target, catalog_of(target))]
    with locked_output(output, quiet) as lock:
        report_input(catalog, quiet)
        model = trained_model(settings, domains, output, lock, clock, quiet)
        return generated_images(_run(settings, catalog, model, output, notes), lock, clock, quiet)


def _target(settings: TranslateSettings) -> GenerateSettings:
    """The other domain as an input; its classes do not matter."""
    run = settings.run
    other = replace(
        run,
        input=str(settings.to),
        num_samples=None,
        start=0,
        class_mapping=None,
        split=None,
        storage_options={"input": run.options_of("to")},
    )
    return unlabelled(other)


def _sized(settings: TranslateSettings, model: RunModel) -> tuple[TranslateSettings, list[str]]:
    """The settings with the model's size, unless they ask for another one; and notes.

    Images get their size as those did that the model was trained on.
    """
    fit = model.file.description.get("fit", settings.validate.fit)
    settings = replace(settings, validate=replace(settings.validate, fit=fit))
    image, size = settings.run.image, model.size
    if (image.height, image.width) == size:
        return settings, []
    trained = f"the model was trained on images of {size[0]} x {size[1]} pixels"
    if (image.height, image.width) != (SIDE, SIDE):
        return settings, [f"{trained}, and these are of {image.height} x {image.width}"]
    run = replace(settings.run, image=replace(image, height=size[0], width=size[1]))
    return replace(settings, run=run), [f"{trained}, and so are these"]


def _run(
    settings: TranslateSettings,
    catalog: Catalog,
    model: RunModel,
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
        fit=settings.validate.fit,
    )

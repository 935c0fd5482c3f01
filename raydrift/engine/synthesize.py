"""One run that makes new images: a network learns a small set, and draws more of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.catalog.domains import domain_of
from raydrift.catalog.folders import ONE_CLASS
from raydrift.engine.data.generated_work import SynthesizeStage
from raydrift.engine.generated_run import GeneratedRun, generated_images
from raydrift.engine.image_run import locked_output
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.reports import report_input
from raydrift.engine.training.models import RunModel, find_model
from raydrift.engine.training.separate import separate_models
from raydrift.engine.training.trained import trained_model
from raydrift.errors import OutputError, SettingsError
from raydrift.gan.model_content import ONE_GENERATOR, STYLEGAN
from raydrift.paths import StoragePath
from raydrift.settings.gan_training import SIDE
from raydrift.settings.synthesize import SEPARATE, SynthesizeSettings
from raydrift.storage.record import JobRecord, load_record

PER_CLASS = 300
"""Images that are made of each class, unless the settings say otherwise."""


def synthesize(
    settings: SynthesizeSettings, *, notes: Sequence[str] = (), quiet: bool = False
) -> JobRecord:
    """Makes new images of a small set, or what is missing of them.

    A StyleGAN2 is trained, unless a model is given, and then every class gets its images. Latent i
    of a class depends on the seed, the class's name and i alone: more images, or a further class,
    change none that was there.

    Args:
        settings: The run's settings.
        notes: Plain sentences for ``run.json``.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        RaydriftError: As ``translate``.
    """
    clock = Clock()
    run = settings.run
    output = StoragePath.of(run.output, run.options_of("output"))
    if settings.model is not None:
        model = find_model(settings.model, STYLEGAN, run)
        _check_size(settings, model)
        with locked_output(output, quiet) as lock:
            return generated_images(_run(settings, model, output, notes), lock, clock, quiet)
    run, catalog = domain_of(run)
    settings = replace(settings, run=run)
    with locked_output(output, quiet) as lock:
        report_input(catalog, quiet)
        if settings.stylegan.classes == SEPARATE and len(catalog.classes) > 1:
            model = separate_models(settings, run, catalog, output, lock, clock, quiet)
        else:
            inputs = [("images", run, catalog)]
            model = trained_model(settings, inputs, output, lock, clock, quiet)
        of_run = _run(settings, model, output, [*notes, *catalog.notes], catalog)
        return generated_images(of_run, lock, clock, quiet)


def _check_size(settings: SynthesizeSettings, model: RunModel) -> None:
    """Makes sure that no other size is asked for than the model's.

    Raises:
        SettingsError: One is.
    """
    image = settings.run.image
    if (image.height, image.width) not in ((SIDE, SIDE), model.size):
        raise SettingsError(
            f"image is {image.height} x {image.width}, and the model makes images of "
            f"{model.size[0]} x {model.size[1]}: leave --image-size out"
        )


def _run(
    settings: SynthesizeSettings,
    model: RunModel,
    output: StoragePath,
    notes: Sequence[str],
    trained_on: Catalog | None = None,
) -> GeneratedRun:
    described = model.file.description
    run = settings.run
    if trained_on is None:
        height, width = model.size
        run = replace(run, image=replace(run.image, height=height, width=width))
    per_class = run.num_samples or PER_CLASS
    classes = tuple(described.get("class_names") or described.get("classes") or (ONE_CLASS,))
    labels = _labels(settings, classes, trained_on)
    catalog = latent_catalog(output, classes, labels, per_class)
    return GeneratedRun(
        replace(run, num_samples=None),
        catalog,
        output,
        model,
        ONE_GENERATOR,
        SynthesizeStage,
        notes=[*notes, *model.notes],
        truncation=settings.stylegan.truncation,
    )


def _labels(
    settings: SynthesizeSettings, classes: Sequence[str], trained_on: Catalog | None
) -> dict[str, int]:
    """The label of each class."""
    if trained_on is not None:
        return {name: trained_on.labels[name] for name in classes}
    mapping = settings.run.class_mapping or _labels_of_run(settings)
    if not mapping:
        return {name: label for label, name in enumerate(sorted(classes))}
    for name in classes:
        if name not in mapping:
            raise SettingsError(f"class_mapping has no class {name!r}, which the model makes")
    return {name: mapping[name] for name in classes}


def _labels_of_run(settings: SynthesizeSettings) -> Mapping[str, int]:
    """The labels of the run that trained the model; none where that is not known."""
    try:
        place = StoragePath.of(str(settings.model), settings.run.options_of("model"))
        record = load_record(place)
    except (OutputError, OSError):
        return {}
    return {} if record is None else record.classes


def latent_catalog(
    root: StoragePath, classes: Sequence[str], labels: dict[str, int], per_class: int
) -> Catalog:
    """The latents of a run as an input: the path of each is its key, ``shoes/00000012``.

    Args:
        root: Where paths start from; nothing is read there.
        classes: The classes.
        labels: Class name to label.
        per_class: Latents of each class.
    """
    names = tuple(sorted(classes))
    count = per_class * len(names)
    paths = [f"{name}/{number:08d}" for name in names for number in range(per_class)]
    nothing = np.zeros(count, np.int64)  # known, and always the same
    table = pa.table(
        {
            "path": pa.array(paths, pa.large_string()),
            "class_index": pa.array(np.repeat(np.arange(len(names), dtype=np.int32), per_class)),
            "size": pa.array(nothing),
            "modified": pa.array(nothing),
        }
    )
    return Catalog(root, table, names, labels)

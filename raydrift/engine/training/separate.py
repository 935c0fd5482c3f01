"""One network a class: each is trained as a run of its own, and all go into one model."""

import json
from dataclasses import replace

import numpy as np

from raydrift.catalog import Catalog
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.training.models import RunModel
from raydrift.engine.training.trained import trained_model
from raydrift.errors import OutputError, SettingsError
from raydrift.gan.model_content import (
    ONE_GENERATOR,
    SEPARATE_KEY,
    STYLEGAN,
    content_of,
    read_content,
)
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.synthesize import SynthesizeSettings
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.output import check_is_free
from raydrift.storage.training_record import clear_training


def separate_models(
    settings: SynthesizeSettings,
    run: GenerateSettings,
    catalog: Catalog,
    output: StoragePath,
    lock: OutputLock,
    clock: Clock,
    quiet: bool,
) -> RunModel:
    """Trains a network for each class, or what is missing of them, one after the other.

    Each training is in a folder of its own, ``classes/NAME``, and continues by itself. A class that
    is added later trains its own network alone.

    Args:
        settings: The run's settings.
        run: Those of its input.
        catalog: The input.
        output: The run's folder, which is locked.
        lock: Its lock.
        clock: What its seconds are counted by.
        quiet: Show no progress.

    Returns:
        One model with all generators, by the names of the classes.

    Raises:
        RaydriftError: As ``trained_model``.
    """
    if settings.train.resume is not None:
        raise SettingsError(
            "train.resume: with stylegan.classes = 'separate' every class has a network of its "
            "own: leave one of the two out"
        )
    layout.check_class_folders(catalog.classes)
    place = output / layout.TRAINED / layout.GENERATOR
    _check_place(output, run.write.overwrite)
    models = {}
    for name in catalog.classes:
        folder = output / layout.CLASS_TRAININGS / layout.class_folder(name)
        folder.create()
        inputs = [("images", run, _of_class(catalog, name))]
        models[name] = trained_model(settings, inputs, folder, lock, clock, quiet)
    content = _together(models)
    (output / layout.TRAINED).create()
    if not place.is_file() or place.read_bytes() != content:
        place.write_bytes(content)
    told = [f"class {name!r}: {note}" for name, model in models.items() for note in model.notes]
    shown = f"{layout.TRAINED}/{layout.GENERATOR}"
    return RunModel(content_of(content, shown, STYLEGAN), shown, tuple(told))


def _check_place(output: StoragePath, overwrite: bool) -> None:
    """Makes sure that the model of all classes takes no other model's place.

    Raises:
        OutputError: The folder holds another training or run, which may not be overwritten.
    """
    model = output / layout.TRAINED
    place = model / layout.GENERATOR
    other = (model / layout.TRAINING_RECORD).is_file() or not _is_of_classes(place)
    if other and not overwrite:
        raise OutputError(
            f"output {output} holds another training, which is not of a network a class: choose "
            "another output, or replace it with --overwrite"
        )
    if other or not place.is_file():
        check_is_free(output, overwrite)
    if other:
        clear_training(output)


def _is_of_classes(place: StoragePath) -> bool:
    """Whether a model has a network a class; none, or a damaged one, is in nobody's way."""
    try:
        return bool(read_content(place).description.get(SEPARATE_KEY))
    except SettingsError:
        return True


def _of_class(catalog: Catalog, name: str) -> Catalog:
    """The images of a class, as an input of this class alone."""
    number = catalog.classes.index(name)
    rows = np.flatnonzero(catalog.table["class_index"].to_numpy() == number)
    table = catalog.table.take(rows).combine_chunks()
    index = table.schema.get_field_index("class_index")
    own = np.zeros(len(rows), np.int32)
    table = table.set_column(index, "class_index", [own])
    columns = None if catalog.columns is None else catalog.columns.take(rows)
    labels = {name: catalog.labels[name]}
    return replace(catalog, table=table, classes=(name,), labels=labels, columns=columns, notes=())


def _together(models: dict[str, RunModel]) -> bytes:
    """One file with the generator of each model, by the name of its class."""
    from raydrift.gan.model_file import model_of, write_model  # which imports torch

    generators = {
        name: model_of(model.file.content, model.shown).generator(ONE_GENERATOR)
        for name, model in models.items()
    }
    first = next(iter(models.values())).file.description
    described = json.loads(json.dumps(dict(first)))
    return write_model(generators, {**described, "class_names": sorted(models), SEPARATE_KEY: True})

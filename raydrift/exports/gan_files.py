"""What ModelArts leaves of a training beside the images: samples of each save, and a model."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from raydrift.errors import OutputError
from raydrift.exports.pictures import jpeg_of_pixels
from raydrift.exports.run_rows import FinishedRun
from raydrift.gan.model_content import ONE_GENERATOR, SEPARATE_KEY, model_place, read_content
from raydrift.paths import StoragePath
from raydrift.storage import layout

_PROGRAM: Final = "torch"


def write_gan_files(run: FinishedRun, folder: StoragePath) -> list[str]:
    """Writes ``samples/0001_0.jpg`` … and ``model/CYcleGan_epoch_100.pt2``.

    Args:
        run: A run of translate or synthesize; one that has trained nothing has neither.
        folder: The folder of the export.

    Returns:
        The paths of the models' files in it.

    Raises:
        OutputError: What the training left cannot be read.
    """
    if not (run.output / layout.TRAINED / layout.GENERATOR).is_file():
        return []
    written = []
    for training in _trainings(run):
        _write_samples(run, training, folder)
        written.append(_write_model(run, training, folder))
    return written


@dataclass(frozen=True)
class _Training:
    """A training of a run.

    Attributes:
        prefix: What the names of its files begin with.
        output: Its folder.
        record: Its ``training.json``.
    """

    prefix: str
    output: StoragePath
    record: Mapping[str, Any]


def _trainings(run: FinishedRun) -> Iterator[_Training]:
    described = read_content(model_place(run.output)).description
    if not described.get(SEPARATE_KEY):
        yield _training("", run.output)
        return
    for name in described["class_names"]:
        own = layout.class_folder(name)
        yield _training(f"{own}_", run.output / layout.CLASS_TRAININGS / own)


def _write_samples(run: FinishedRun, training: _Training, folder: StoragePath) -> None:
    there = training.output / layout.SAMPLES
    saves = sorted(name for name in there.names() if layout.is_sample(name))
    if saves:
        (folder / layout.SAMPLES).create()
    for name in saves:
        for number, image in enumerate(_images(run, training, there / name)):
            file = f"{training.prefix}{int(name.partition('.')[0]):04d}_{number}.jpg"
            (folder / layout.SAMPLES / file).write_bytes(jpeg_of_pixels(image))


def _images(run: FinishedRun, training: _Training, place: StoragePath) -> Iterator[np.ndarray]:
    from raydrift.gan.grids import generated_in

    data = np.frombuffer(place.read_bytes(), np.uint8)
    sheet = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    if sheet is None:
        raise OutputError(f"{place} is damaged: delete it, and export again")
    image = training.record["identity"]["image"]
    yield from generated_in(
        np.asarray(sheet, np.uint8),
        int(image["height"]),
        int(image["width"]),
        translations=run.network != ONE_GENERATOR,
    )


def _write_model(run: FinishedRun, training: _Training, folder: StoragePath) -> str:
    from raydrift.gan.exporting import SUFFIXES, exported
    from raydrift.gan.model_file import read_model

    trained = training.record
    model, network = read_model(training.output), str(run.network)
    if network == ONE_GENERATOR:
        name = f"StyleGan_{training.prefix}kimg_{round(trained['images'] / 1000, 1):g}"
    else:
        share = trained["saved_step"] / max(trained["steps"], 1)
        name = f"CYcleGan_epoch_{round(trained['identity']['train']['epochs'] * share)}"
    (folder / layout.TRAINED).create()
    file = f"{layout.TRAINED}/{name}{SUFFIXES[_PROGRAM]}"
    (folder / file).write_bytes(exported(model, network, _PROGRAM))
    return file


def _training(prefix: str, output: StoragePath) -> _Training:
    place = output / layout.TRAINED / layout.TRAINING_RECORD
    try:
        return _Training(prefix, output, json.loads(place.read_bytes()))
    except (OSError, ValueError) as error:
        raise OutputError(f"{place} cannot be read ({error}): it is part of the run") from None

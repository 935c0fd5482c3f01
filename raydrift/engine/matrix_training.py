"""What a matrix of trained networks needs beside the shards: their start, and their files."""

from dataclasses import asdict, replace
from typing import Any

from raydrift.catalog import Catalog
from raydrift.embed.weights import IMAGENET_FILE, RESNET34_FILE, Weights, find_weights
from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.train_work import TrainJob
from raydrift.errors import SettingsError, WeightsError
from raydrift.paths import StoragePath, redacted
from raydrift.report.matrix import Matrix, ProbeScores
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.task import written_channels
from raydrift.settings.train import TrainSettings
from raydrift.storage import layout
from raydrift.storage.checkpoints import remove_checkpoints
from raydrift.storage.shards import remove_shards


def network_weights(settings: MatrixSettings, train: TrainSettings, catalog: Catalog) -> Weights:
    """What the networks begin with; what cannot be is refused before any work.

    Args:
        settings: Of the matrix.
        train: Its network.
        catalog: The input.

    Raises:
        SettingsError: A network learns masks and there are none, or what makes it is not installed.
        WeightsError: There are no such weights, or they are another network's.
    """
    from raydrift.tasks.training.networks import check_there, start_state

    if train.has_masks and catalog.masks is None:
        raise SettingsError(
            f"train.network is {train.network!r}, which learns masks, and the images have none: "
            "give --masks FOLDER, or a manifest with a column mask"
        )
    check_there(train)
    file = IMAGENET_FILE if train.network == "resnet18" else RESNET34_FILE
    options = settings.run.options_of("weights")
    try:
        weights = find_weights(train.weights, settings.run.seed, options, file)
    except WeightsError as error:
        raise WeightsError(f"train.{error}".replace("--weights", "--train-weights")) from None
    start_state(weights, train)
    return weights


def shown_training(train: TrainSettings) -> dict[str, Any]:
    """The settings of a training as ``matrix.json`` holds them: without credentials."""
    plain = {"weights": redacted(train.weights), "normalize": written_channels(train.normalize)}
    return asdict(train) | plain


def train_job(
    settings: MatrixSettings, train: TrainSettings, fits: FitJob, weights: Weights
) -> TrainJob:
    """What workers that train are told; the folder of the networks is made, if they are kept."""
    models = None
    if train.keep_models:
        models = StoragePath.of(settings.run.output, settings.run.options_of("output"))
        models = models / layout.MODELS
        models.create()
    image = settings.run.image
    return TrainJob(fits, train, weights, (image.height, image.width), models)


def with_scores(found: Matrix, scores: ProbeScores, train: TrainSettings | None) -> Matrix:
    """What was found, with what probes or trained networks got right."""
    if train is None:
        return replace(found, probe=scores)
    return replace(found, trained=scores, learner=train.title)


def remove_others(
    output: StoragePath, other: StoragePath, fitted: StoragePath, settings: MatrixSettings
) -> None:
    """Deletes what is left of other matrices and of stopped trainings, once one is written.

    Args:
        output: The folder of the matrix.
        other: The folder of the batches of another kind.
        fitted: The folder of the fits.
        settings: Of the matrix.
    """
    remove_checkpoints(fitted)
    remove_shards(other)
    (other / layout.RUN).delete()
    other.delete_if_empty()
    folder, kept = output / layout.MODELS, _kept_models(settings)
    folder.delete_files(
        name for name in folder.names() if layout.is_model(name) and name not in kept
    )
    folder.delete_if_empty()


def _kept_models(settings: MatrixSettings) -> set[str]:
    """The names of the networks that are kept."""
    train = settings.train
    if train is None or not train.keep_models:
        return set()
    return {
        layout.model_name(code, split, train.model_suffix)
        for code in settings.views
        for split in range(settings.splits)
    }

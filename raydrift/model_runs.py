"""``raydrift.forensics`` and ``raydrift.adjust``, runs over a model, and ``raydrift.track``."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from raydrift.checked import path_text
from raydrift.errors import SettingsError
from raydrift.settings.adjust import AdjustSettings
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.forensics import ForensicsSettings, SearchSettings
from raydrift.settings.given import run_given
from raydrift.settings.levels import parse_levels
from raydrift.settings.mlflow import MlflowSettings, mlflow_given
from raydrift.settings.output import OutputSettings
from raydrift.settings.raw import RawSettings
from raydrift.settings.sweep import LEVELS
from raydrift.settings.task import TaskSettings
from raydrift.transforms import DriftProfile, TransformInfo

if TYPE_CHECKING:
    from raydrift.report.adjustment import Adjustment
    from raydrift.report.forensics import Forensics


def forensics(
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    task: TaskSettings | str,
    *,
    levels: str = LEVELS,
    search: SearchSettings | None = None,
    split: str | None = None,
    catalog: CatalogSettings | None = None,
    seed: int = 42,
    num_samples: int | None = None,
    input_dim: Any = (224, 224),
    raw: RawSettings | None = None,
    masks: str | os.PathLike[str] | None = None,
    profile: DriftProfile | None = None,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    cluster: ClusterSettings | None = None,
    mlflow: MlflowSettings | str | None = None,
    progress: bool = True,
) -> "Forensics":
    """Searches the camera that harms a model most, part by part and level by level.

    The same call again on an output that is not finished goes on.

    Args:
        input_path: A folder with one sub-folder a class, or a manifest; a local path or a URI.
        output_path: The folder to write.
        task: The model, or its path, as ``raydrift evaluate --task`` takes it.
        levels: How far from the reference a camera may be, as ``0.1:1.0:0.1`` or ``0.2,0.5``.
        search: The parts of the camera, and how they are searched.
        split: The sub-folder of the input that has the class folders, or the split of a manifest.
        catalog: Where the classes are told, and what is left out; None: sub-folders are classes.
        seed: Of the order of the images, and of the searches.
        num_samples: How many images; None: all.
        input_dim: Height and width of the pictures, or one number for both.
        raw: What the raw files of the input are, ``RawSettings()`` a camera's; None: photographs.
        masks: A folder with a mask for each image; None: a manifest's column ``mask``, else none.
        profile: The ranges that a level spans, and the reference camera.
        overwrite: Whether another search there is replaced.
        storage_options: How buckets are reached.
        cluster: Where the work is done.
        mlflow: The MLflow server that is told what was found, or its URI; None: none is.
        progress: Whether it is shown on standard error.

    Returns:
        What was found.

    Raises:
        SettingsError: (a ``ValueError``) A setting cannot be.
        TaskError: The model cannot be used.
        OutputError: The folder holds another search.
        TrackingError: The MLflow server did not take what was found; the output is whole.
        RaydriftError: The run failed; the same call goes on.

    Example:
        ::

            found = raydrift.forensics("photos", "searched", "model.pt2", input_dim=64)
            print(found.worst.part, found.worst.level, found.worst.quality)
    """
    from raydrift.engine.forensics import forensics as run

    settings = ForensicsSettings(
        run_given(
            input_path,
            output_path,
            split=split,
            catalog=catalog,
            seed=seed,
            num_samples=num_samples,
            input_dim=input_dim,
            raw=raw,
            masks=masks,
            profile=profile,
            write=OutputSettings(overwrite=overwrite),
            storage_options=storage_options,
            cluster=cluster,
        ),
        TaskSettings(task) if isinstance(task, str) else task,
        SearchSettings() if search is None else search,
        parse_levels(levels),
        mlflow_given(mlflow),
    )
    return run(settings, quiet=not progress)


def adjust(
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    task: TaskSettings | str,
    transforms: Iterable[TransformInfo] = (),
    *,
    splits: int = 5,
    train_size: float = 0.8,
    epochs: int = 30,
    lr: float = 1e-4,
    camera_lr: float | None = None,
    batch_size: int = 32,
    augmentation: str = "none",
    learn: str = "all",
    processor: str = "parametrized",
    stages: int = 0,
    split: str | None = None,
    catalog: CatalogSettings | None = None,
    seed: int = 42,
    num_samples: int | None = None,
    input_dim: Any = (224, 224),
    raw: RawSettings | None = None,
    masks: str | os.PathLike[str] | None = None,
    profile: DriftProfile | None = None,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    cluster: ClusterSettings | None = None,
    mlflow: MlflowSettings | str | None = None,
    progress: bool = True,
) -> "Adjustment":
    """Trains a camera together with a model on drifted images, and the model alone.

    The same call again on an output that is not finished goes on.

    Args:
        input_path: As for ``forensics``.
        output_path: The folder to write.
        task: The model, or its path: a ``torch.export`` program, ``resnet18:PATH`` or
            ``resnet34:PATH``.
        transforms: The drift of every image; ``profile`` may fix its camera.
        splits: How often the files are split in two parts, one to learn from, one to test on.
        train_size: The share of the files that is learned from.
        epochs: How often each image is seen.
        lr: The learning rate of the model.
        camera_lr: That of the camera; None: the model's.
        batch_size: Images a step.
        augmentation: ``none``, ``weak`` or ``strong``, of developed pictures.
        learn: ``all`` of the model, its ``last`` layer, or ``none`` of it.
        processor: ``parametrized``, a camera of 132 numbers, ``neural_network`` or ``none``.
        stages: Of how many images the stages of the camera are kept.
        split: As for ``forensics``.
        catalog: As there; its ``source`` names the pictures that splits keep whole.
        seed: Of the order of the images, the splits and the trainings.
        num_samples: How many images; None: all.
        input_dim: As for ``forensics``.
        raw: As there; of raw files ``transforms`` drift the sensor alone.
        masks: As there; a model that answers for each pixel learns from them.
        profile: The ranges that a level spans, and the reference camera.
        overwrite: Whether another adjustment there is replaced.
        storage_options: How buckets are reached.
        cluster: Where the work is done.
        mlflow: The MLflow server that is told what was found, or its URI; None: none is.
        progress: Whether it is shown on standard error.

    Returns:
        What was found.

    Raises:
        SettingsError: (a ``ValueError``) A setting cannot be.
        TaskError: The model cannot be used.
        OutputError: The folder holds another adjustment.
        TrackingError: The MLflow server did not take what was found; the output is whole.
        RaydriftError: The run failed; the same call goes on.

    Example:
        ::

            drift = [TransformInfo("isp_sharpen", 1.0)]
            found = raydrift.adjust("photos", "adjusted", "model.pt2", drift, epochs=5)
            print(found.ends["drifted"], found.ends["learned"])
    """
    from raydrift.engine.adjust import adjust as run

    settings = AdjustSettings(
        run_given(
            input_path,
            output_path,
            split=split,
            catalog=catalog,
            seed=seed,
            num_samples=num_samples,
            transforms=tuple(transforms),
            input_dim=input_dim,
            raw=raw,
            masks=masks,
            profile=profile,
            write=OutputSettings(overwrite=overwrite),
            storage_options=storage_options,
            cluster=cluster,
        ),
        TaskSettings(task) if isinstance(task, str) else task,
        splits,
        train_size,
        epochs,
        lr,
        camera_lr,
        batch_size,
        augmentation,
        learn,
        processor=processor,
        stages=stages,
        mlflow=mlflow_given(mlflow),
    )
    return run(settings, quiet=not progress)


def track(
    output_path: str | os.PathLike[str],
    mlflow: MlflowSettings | str,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> str:
    """Tells an MLflow server what a finished output has, unless it was told before.

    Args:
        output_path: The folder that ``evaluate``, ``matrix``, ``forensics`` or ``adjust`` wrote.
        mlflow: The server, or its URI.
        storage_options: How buckets are reached.

    Returns:
        The page of the MLflow run, or its id where there is no page.

    Raises:
        SettingsError: (a ``ValueError``) MLflow is not installed, or the server cannot be used.
        OutputError: The folder has nothing that is finished.
        TrackingError: The server did not take it.

    Example:
        ::

            print(raydrift.track("adjusted", "http://127.0.0.1:5000"))
    """
    from raydrift.paths import StoragePath
    from raydrift.tracking import mlflow_run
    from raydrift.tracking.finished import finished_kind

    settings = mlflow_given(mlflow)
    if settings is None:
        raise SettingsError("mlflow is None: give the URI of a server")
    output = StoragePath.of(path_text("output_path", output_path), storage_options)
    kind = finished_kind(output)
    mlflow_run.check_server(settings)
    return mlflow_run.track(settings, output, kind).place

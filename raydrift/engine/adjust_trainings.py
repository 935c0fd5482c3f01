"""What an adjustment hands to its trainings, and what came of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.catalog import Catalog
from raydrift.drift.camera.raw_sensed import common_camera
from raydrift.engine.data.adjust_work import CAMERA, PREDICTIONS, STAGES, TRAININGS, AdjustJob
from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.kept_drifts import CAMERAS
from raydrift.engine.data.kept_stages import unpacked
from raydrift.engine.learnable import Learnable
from raydrift.paths import StoragePath
from raydrift.report.matrix import ViewMeasures
from raydrift.settings.adjust import AdjustSettings
from raydrift.storage import layout
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import LedgerRow, Rejected
from raydrift.tasks.files import TaskFile

_FILES: Final = {STAGES: layout.STAGES, PREDICTIONS: layout.PREDICTIONS}


@dataclass(frozen=True)
class KeptBatch:
    """What there is to say of a batch of pictures.

    Attributes:
        measures: Its samples.
        cameras: Those of its raw files (``Sensed.facts``).
    """

    measures: ViewMeasures
    cameras: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, table: pa.Table, left_out: Sequence[Rejected], remarks: Sequence[Remark]) -> Self:
        """Of a shard; the pictures stay where they are."""
        cameras = tuple(json.loads(camera) for camera in table[CAMERAS][0].as_py())
        return cls(ViewMeasures.of(table, left_out, remarks), cameras)


def adjust_job(
    settings: AdjustSettings,
    catalog: Catalog,
    file: TaskFile,
    learned: Learnable,
    usable: Sequence[ViewMeasures],
    cameras: Sequence[dict[str, Any]],
    kept: tuple[StoragePath, tuple[LedgerRow, ...]],
    output: StoragePath,
) -> AdjustJob:
    """What the workers are told of the trainings.

    Args:
        settings: How they are trained.
        catalog: The input.
        file: The user's model.
        learned: What there is to learn from the usable samples.
        usable: These samples, batch by batch.
        cameras: Those of the raw files.
        kept: The folder of the pictures, and its shards.
        output: The folder of the trainings.

    Raises:
        SettingsError: The raw files are of several cameras.
    """
    known = sorted(set(catalog.labels.values()))
    labels = np.array([label for batch in usable for label in batch.labels], np.int64)
    # A class of the model is a label of the input, also where no usable image has it.
    classes = np.searchsorted(np.array(known, np.int64), labels)
    folder, shards = kept
    fits = FitJob(
        output,
        "",
        folder,
        shards,
        TRAININGS,
        learned.files,
        learned.labels if learned.masks else classes,
        len(known),
        settings.splits,
        settings.train_size,
        settings.run.seed,
    )
    raw = settings.run.raw
    camera = None if raw is None else common_camera(cameras, raw)
    return AdjustJob(fits, settings, file, learned.masks, tuple(known), camera)


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a training.

    Attributes:
        curve: How it stood after each epoch.
        camera: The numbers of its camera, as JSON.
        kept: The tables of stages and predictions, by the names of their columns.
    """

    curve: pa.Table
    camera: str
    kept: dict[str, pa.Table]

    @classmethod
    def of(cls, table: pa.Table, *_: Any) -> Self:
        """Of a shard: all but the program."""
        first = {name: table[name][0].as_py() for name in (CAMERA, STAGES, PREDICTIONS)}
        camera = first.pop(CAMERA).decode()
        kept = {name: unpacked(one) for name, one in first.items() if one is not None}
        return cls(table.select(schemas.CURVES.names), camera, kept)


def kept_tables(results: Sequence[Trained]) -> dict[str, pa.Table]:
    """The tables of stages and predictions of all trainings, by their files."""
    return {
        place: pa.concat_tables(one.kept[name] for one in results if name in one.kept)
        for name, place in _FILES.items()
        if any(name in one.kept for one in results)
    }

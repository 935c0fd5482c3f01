"""The work on one training of an adjustment: a camera and a model learn, or the model alone."""

import json
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.camera import Camera
from raydrift.engine.data.chosen_pictures import Chosen, ChosenPictures, Held
from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.kept_drifts import MASKS_OF
from raydrift.engine.data.kept_stages import packed, predictions_table, stages_table
from raydrift.engine.data.training_stage import TrainingStage
from raydrift.report.adjustment import DRIFTED, FROZEN, LEARNED, ORIGINAL
from raydrift.settings.adjust import AdjustSettings
from raydrift.storage.checkpoints import EVERY_S, Checkpoint
from raydrift.storage.made_on import check_made_on
from raydrift.tasks.files import TaskFile
from raydrift.tasks.splits import train_samples

if TYPE_CHECKING:
    from raydrift.tasks.training.adjuster import Adjuster, CurvePoint
    from raydrift.tasks.training.asking import Start

TRAININGS: Final = (LEARNED, FROZEN)
"""The camera and the model learn, or the model alone."""

PROGRAM: Final = "program"
CAMERA: Final = "camera"
STAGES: Final = "stages"
PREDICTIONS: Final = "predictions"
"""Columns of what came of a training, in the first row of its table."""

_MACHINES: Final = "trainings"


@dataclass(frozen=True)
class AdjustJob:
    """What a worker is told that adjusts.

    Attributes:
        fits: The trainings, numbered as fits: ``TRAININGS`` are their views.
        settings: How they are trained.
        file: The user's model.
        has_masks: Whether masks are what is right.
        labels: Of the classes, in order.
        camera: The camera of the raw files; None: the input is photographs.
        made_on: The kinds of machines that the first training was made on, if there is one.
        every: Seconds from one checkpoint to the next.
    """

    fits: FitJob
    settings: AdjustSettings
    file: TaskFile
    has_masks: bool
    labels: tuple[int, ...] = ()
    camera: Camera | None = None
    made_on: dict[str, str] = field(default_factory=dict)
    every: float = EVERY_S

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        image = self.settings.run.image
        return image.height, image.width

    @property
    def start(self) -> "Start":
        """What every training begins with."""
        from raydrift.tasks.training.asking import Start

        return Start(self.settings, self.file, self.fits.classes, self.has_masks, self.camera)


class AdjustStage(TrainingStage):
    """Trains, and commits the curve, the camera and the model of each training."""

    @staticmethod
    def trainer(job: AdjustJob, device: str) -> "AdjustTrainer":
        """Trains models with cameras, and without."""
        return AdjustTrainer(job, device)


class AdjustTrainer:
    """Trains models with cameras that learn, and without, one after the other.

    Args:
        job: All trainings.
        device: ``cpu`` or ``cuda``.

    Attributes:
        platform: The kind of machine that this is.

    Raises:
        TaskError: The model cannot be adjusted.
        PipelineError: This is another kind of machine than the trainings were begun on.
    """

    def __init__(self, job: AdjustJob, device: str) -> None:
        from raydrift.tasks.training.adjuster import Adjuster

        self._job, self._device = job, device
        masks = MASKS_OF if job.has_masks else {}
        self._pictures = ChosenPictures(job.fits, job.size, masks, job.camera is not None)
        self.platform = Adjuster(job.start, True, 0, device).platform_of(*job.size)
        begun = job.made_on.get("embeddings", self.platform)
        check_made_on({_MACHINES: begun}, {_MACHINES: self.platform}, socket.gethostname())

    def table(self, fit: int, kept: Checkpoint) -> pa.Table:
        """Trains, and tells what came of it.

        Args:
            fit: The number of the training.
            kept: Where it goes on from, if it was stopped; what was kept on another kind of machine
                is passed over.

        Returns:
            ``schemas.CURVES``, a row an epoch; and in the first row, as bytes, ``program``, the
            camera and the model (where the camera learned), ``camera``, its numbers as JSON, and
            ``stages`` and ``predictions``, the tables of what is kept of images.
            The first training of a split has rows of the user's model as it is before these.

        Raises:
            ShardError: A shard of the pictures is gone or damaged.
            PipelineError: The training came to nothing, or the GPU is too small for it.
            TaskError: The model does not answer as the images want it.
        """
        from raydrift.tasks.training.adjuster import Adjuster, CurvePoint
        from raydrift.tasks.training.learner import training_seed

        job, fits, pictures = self._job, self._job.fits, self._pictures
        place, split = divmod(fit, fits.splits)
        train = train_samples(
            fits.files, fits.labels, split, train_size=fits.train_size, seed=fits.seed
        )
        learned, seed = TRAININGS[place] == LEARNED, training_seed(fits.seed, split)
        adjuster = Adjuster(job.start, learned, seed, self._device, self.platform)
        test = pictures.held(DRIFTED, ~train)
        rows: list[tuple[str, CurvePoint]] = []
        if place == 0:
            rows.append((ORIGINAL, adjuster.directly(pictures.held(ORIGINAL, ~train))))
            rows.append((DRIFTED, adjuster.directly(test)))
        curve = adjuster.learn(pictures.held(DRIFTED, train), test, kept.read(), kept.keep)
        rows += [(TRAININGS[place], point) for point in curve]
        table = _table(rows, split, int((~train).sum()))
        first = {CAMERA: json.dumps(adjuster.camera_state()).encode()}
        if job.settings.stages:
            first |= self._of_images(adjuster, TRAININGS[place], split, ~train, test)
        if learned:  # the last: the model is made ready for the CPU
            first[PROGRAM] = adjuster.program(*job.size)
        nothing = [None] * (len(rows) - 1)
        for name in (PROGRAM, CAMERA, STAGES, PREDICTIONS):
            column = pa.array([first.get(name), *nothing], pa.large_binary())
            table = table.append_column(name, column)
        return table

    def _of_images(
        self, adjuster: "Adjuster", training: str, split: int, chosen: Chosen, held: Held
    ) -> dict[str, bytes]:
        """The tables of stages and predictions."""
        (pixels, targets), most = held, self._job.settings.stages
        samples = self._pictures.samples(chosen)
        found = {}
        if split == 0:
            stages = adjuster.stages((pixels[:most], targets[:most]))
            found[STAGES] = packed(stages_table(training, split, samples[:most], stages))
        if not self._job.has_masks:
            said = adjuster.logits(held)
            table = predictions_table(training, split, samples, said, self._job.labels)
            found[PREDICTIONS] = packed(table)
        return found


def _table(rows: "list[tuple[str, CurvePoint]]", split: int, samples: int) -> pa.Table:
    columns: dict[str, Any] = {
        "training": [name for name, _ in rows],
        "split": [split] * len(rows),
        "epoch": [point.epoch for _, point in rows],
        "samples": [samples] * len(rows),
    }
    for name in ("loss", "quality", "f1", "nll"):
        values = np.array([getattr(point, name) for _, point in rows], np.float64)
        columns[name] = pa.array(values, mask=np.isnan(values))
    return pa.table(columns, schema=schemas.CURVES)

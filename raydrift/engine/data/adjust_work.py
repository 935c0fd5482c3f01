"""The work on one training of an adjustment: a camera and a model learn, or the model alone."""

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.engine.data.chosen_pictures import ChosenPictures
from raydrift.engine.data.committing import committed, failing_as_worker
from raydrift.engine.data.failures import failure_row
from raydrift.engine.data.fit_work import FitJob, commit_fit
from raydrift.engine.data.kept_drifts import MASKS_OF
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shipping import fetched
from raydrift.errors import RaydriftError
from raydrift.report.adjustment import DRIFTED, FROZEN, LEARNED, ORIGINAL
from raydrift.settings.adjust import AdjustSettings
from raydrift.storage.checkpoints import EVERY_S, Checkpoint
from raydrift.storage.made_on import check_made_on
from raydrift.tasks.files import TaskFile
from raydrift.tasks.splits import train_samples

if TYPE_CHECKING:
    from raydrift.tasks.training.adjuster import CurvePoint
    from raydrift.tasks.training.asking import Start

TRAININGS: Final = (LEARNED, FROZEN)
"""The camera and the model learn, or the model alone."""

PROGRAM: Final = "program"
CAMERA: Final = "camera"
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
        made_on: The kinds of machines that the first training was made on, if there is one.
        every: Seconds from one checkpoint to the next.
    """

    fits: FitJob
    settings: AdjustSettings
    file: TaskFile
    has_masks: bool
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

        return Start(self.settings, self.file, self.fits.classes, self.has_masks)


class AdjustStage:
    """Trains, and commits the curve, the camera and the model of each training."""

    def __init__(self, job: Any, on_gpu: Any) -> None:
        self._job: AdjustJob = fetched(job)
        self._device = "cuda" if fetched(on_gpu) else "cpu"
        self._platform = ""

    def __call__(self, row: pa.Table) -> pa.Table:
        """Takes the number of a training; returns its ledger row."""
        fit, started, clock = table_of(row)["shard"][0].as_py(), time.time(), time.perf_counter()
        fits, kept = self._job.fits, self._checkpoint(fit)
        try:
            with failing_as_worker():
                self._check()
                table = adjusted_table(self._job, fit, self._device, kept, self._platform)
        except RaydriftError as error:
            return failure_row(error)
        spent = time.perf_counter() - clock
        done = committed(
            fits.output, lambda: commit_fit(fits, fit, table, started, spent, self._platform)
        )
        with suppress(OSError):  # they all go in the end
            kept.remove()
        return done

    def _checkpoint(self, fit: int) -> Checkpoint:
        fits = self._job.fits
        return Checkpoint(fits.output, fits.fingerprint, fit, self._job.every)

    def _check(self) -> None:
        """Numbers may not depend on the node; not in the constructor, which Ray would repeat."""
        from raydrift.tasks.training.adjuster import Adjuster

        if self._platform:
            return
        tried = Adjuster(self._job.start, True, 0, self._device)
        platform = tried.platform_of(*self._job.size)
        begun = self._job.made_on.get("embeddings", platform)
        check_made_on({_MACHINES: begun}, {_MACHINES: platform}, socket.gethostname())
        self._platform = platform


def adjusted_table(
    job: AdjustJob, fit: int, device: str, kept: Checkpoint, platform: str = ""
) -> pa.Table:
    """Trains, and tells what came of it.

    Args:
        job: All trainings.
        fit: The number of this one.
        device: ``cpu`` or ``cuda``.
        kept: Where it goes on from, if it was stopped.
        platform: The kind of machine that this is; what was kept on another is passed over.

    Returns:
        ``schemas.CURVES``, a row an epoch; and in the first row ``program``, bytes of the camera
        and the model (where the camera learned), and ``camera``, its numbers as JSON. The first
        training of a split has rows of the user's model as it is before these.

    Raises:
        ShardError: A shard of the pictures is gone or damaged.
        PipelineError: The training came to nothing, or the GPU is too small for it.
        TaskError: The model does not answer as the images want it.
    """
    from raydrift.tasks.training.adjuster import Adjuster, CurvePoint
    from raydrift.tasks.training.learner import training_seed

    fits = job.fits
    place, split = divmod(fit, fits.splits)
    train = train_samples(
        fits.files, fits.labels, split, train_size=fits.train_size, seed=fits.seed
    )
    pictures = ChosenPictures(fits, job.size, MASKS_OF if job.has_masks else {})
    learned, seed = TRAININGS[place] == LEARNED, training_seed(fits.seed, split)
    adjuster = Adjuster(job.start, learned, seed, device, platform)
    test = pictures.held(DRIFTED, ~train)
    rows: list[tuple[str, CurvePoint]] = []
    if place == 0:
        originals = pictures.held(ORIGINAL, ~train)
        before = Adjuster(job.start, False, 0, device)
        for name, held in ((ORIGINAL, originals), (DRIFTED, test)):
            rows.append((name, before.directly(held)))
    curve = adjuster.learn(pictures.held(DRIFTED, train), test, kept.read(), kept.keep)
    rows += [(TRAININGS[place], point) for point in curve]
    table = _table(rows, split, int((~train).sum()))
    nothing = [None] * (len(rows) - 1)
    made = adjuster.program(*job.size) if learned else None
    program = pa.array([made, *nothing], pa.large_binary())
    numbers = pa.array([json.dumps(adjuster.camera_state()), *nothing], pa.string())
    return table.append_column(PROGRAM, program).append_column(CAMERA, numbers)


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

"""The work on one training: a network learns from one view, and is tested on each of them."""

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.drift.corruptions import corrupted
from raydrift.embed.weights import Weights
from raydrift.engine.data.chosen_pictures import Chosen, ChosenPictures
from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.kept_pictures import MASKS
from raydrift.engine.data.measured import Corruption
from raydrift.engine.data.training_stage import TrainingStage
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings.train import TrainSettings
from raydrift.storage import layout
from raydrift.storage.checkpoints import EVERY_S, Checkpoint
from raydrift.storage.made_on import check_made_on
from raydrift.storage.output import cannot_write
from raydrift.tasks.classification import ClassificationCounts
from raydrift.tasks.segmentation import SegmentationCounts
from raydrift.tasks.splits import train_samples

if TYPE_CHECKING:
    from raydrift.tasks.training.learner import Counts, Learner

Tested = str | Corruption
"""A view; or what is done to the pictures of the view that was learned from."""

NETWORKS: Final = "networks"
"""What is made on a kind of machine, for errors."""


@dataclass(frozen=True)
class TrainJob:
    """What a worker that trains is told.

    Attributes:
        fits: The fits, numbered as those of probes; their shards have pictures, not embeddings.
        settings: The network, and how it is trained.
        weights: What it begins with.
        size: Height and width of the pictures.
        models: Where the networks are kept; None: they are not.
        made_on: The kinds of machines that the first fit was made on, if there is one.
        every: Seconds from one checkpoint to the next.
    """

    fits: FitJob
    settings: TrainSettings
    weights: Weights
    size: tuple[int, int]
    models: StoragePath | None = None
    made_on: dict[str, str] = field(default_factory=dict)
    every: float = EVERY_S

    @property
    def classes(self) -> int:
        """What the network tells apart; of masks the foreground alone."""
        return 1 if self.settings.has_masks else self.fits.classes


class TrainStage(TrainingStage):
    """Trains a network, tests it, and commits what it got right."""

    @staticmethod
    def trainer(job: TrainJob, device: str) -> "Trainer":
        """Trains on views."""
        return Trainer(job, device)


class Trainer:
    """Trains the networks of fits, one after the other.

    Args:
        job: All fits.
        device: ``cpu`` or ``cuda``.

    Attributes:
        platform: The kind of machine that this is.

    Raises:
        SettingsError: The network cannot be made on this node.
        WeightsError: What it begins with is not of such a network.
        PipelineError: This is another kind of machine than the fits were begun on.
    """

    def __init__(self, job: TrainJob, device: str) -> None:
        from raydrift.tasks.training.networks import start_state

        self._job, self._device = job, device
        masks = dict.fromkeys(job.fits.views, MASKS) if job.settings.has_masks else {}
        self._pictures = ChosenPictures(job.fits, job.size, masks)
        self._state = start_state(job.weights, job.settings)
        self.platform = self._learner(0).platform(*job.size)
        begun = job.made_on.get("embeddings", self.platform)
        check_made_on({NETWORKS: begun}, {NETWORKS: self.platform}, socket.gethostname())

    def table(self, fit: int, kept: Checkpoint) -> pa.Table:
        """Trains a network and tests it on every view (``schemas.FITTED`` or ``FITTED_IOU``).

        Args:
            fit: The number of the fit.
            kept: Where it goes on from, if it was stopped.

        Raises:
            ShardError: A shard of the pictures is gone or damaged.
            PipelineError: The training came to nothing, or the GPU is too small for it.
            OutputError: The network cannot be kept.
        """
        job = self._job.fits
        view, split = divmod(fit, job.splits)
        code = job.views[view]
        train = train_samples(
            job.files, job.labels, split, train_size=job.train_size, seed=job.seed
        )
        learner = self._learner(split)
        pixels, targets = self._pictures.held(code, train)
        learner.learn(pixels, targets, kept.read(), kept.keep)
        del pixels, targets
        counts = self._tested(learner, code, ~train)
        if self._job.models is not None:
            name = layout.model_name(code, split, self._job.settings.model_suffix)
            place = self._job.models / name
            try:
                place.write_bytes(learner.file(*self._job.size))
            except OSError as error:
                raise OutputError(cannot_write(self._job.models, error)) from error
        return _table(job, code, split, int((~train).sum()), counts)

    def _learner(self, split: int) -> "Learner":
        from raydrift.tasks.training.learner import Learner, training_seed

        job = self._job
        seed = training_seed(job.fits.seed, split)
        return Learner(job.settings, job.classes, self._state, seed, self._device)

    def _tested(self, learner: "Learner", own: str, test: Chosen) -> dict[Tested, "Counts"]:
        """What a network gets right of each view, and of its own under each corruption.

        Of one shard and view pixels are in memory, and once more when they are corrupted.
        """
        job = self._job.fits
        found: dict[Tested, Counts] = {}
        for part in self._pictures.parts(job.views, test):
            asked: list[Tested] = [*job.views, *job.corruptions]
            for one in asked:
                pixels, targets = part.held(one if isinstance(one, str) else own)
                if not isinstance(one, str):
                    pixels = corrupted(pixels, *one, seed=job.seed, sample_ids=part.sample_ids)
                counts = learner.counts(pixels, targets)
                # They are of one kind, which is one that can be added.
                found[one] = found[one] + counts if one in found else counts  # type: ignore[operator]
        return found


def _table(
    job: FitJob, code: str, split: int, samples: int, counts: dict[Tested, "Counts"]
) -> pa.Table:
    tested: list[Tested] = [*job.views, *job.corruptions]
    rows, all_counts = len(tested), [counts[one] for one in tested]
    plain = len(job.views) * [None]
    columns = {
        "train_view": [code] * rows,
        "test_view": [*job.views, *([code] * len(job.corruptions))],
        "split": [split] * rows,
        "samples": [samples] * rows,
        "corruption": [*plain, *(name for name, _ in job.corruptions)],
        "severity": [*plain, *(severity for _, severity in job.corruptions)],
    }
    totals = [one.total for one in all_counts if isinstance(one, ClassificationCounts)]
    if totals:
        columns["accuracy"] = [one.accuracy for one in totals]
        columns["f1"] = [one.f1 for one in totals]
        return pa.table(columns, schema=schemas.FITTED)
    masks = [one for one in all_counts if isinstance(one, SegmentationCounts)]
    # Where there is no foreground and none is found, all is right.
    ious = [np.nan_to_num(one.mean_iou, nan=1.0) for one in masks]
    return pa.table(columns | {"iou": ious}, schema=schemas.FITTED_IOU)

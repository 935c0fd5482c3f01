"""What the actors of all trainings do: each call trains a network, and commits what came of it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

import pyarrow as pa

from raydrift.engine.data.committing import committed, failing_as_worker
from raydrift.engine.data.failures import failure_row
from raydrift.engine.data.fit_work import FitJob, commit_fit
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shipping import fetched
from raydrift.errors import RaydriftError
from raydrift.storage.checkpoints import Checkpoint


class TrainingJob(Protocol):
    """What a worker that trains is told; a frozen dataclass."""

    @property
    def fits(self) -> FitJob:
        """The trainings, numbered as fits."""

    @property
    def made_on(self) -> Mapping[str, str]:
        """The kinds of machines that the first training was made on, if there is one."""

    @property
    def every(self) -> float:
        """Seconds from one checkpoint to the next."""


class AnyTrainer(Protocol):
    """Trains the networks of a job, one after the other."""

    @property
    def platform(self) -> str:
        """The kind of machine that this is."""

    def table(self, fit: int, kept: Checkpoint) -> pa.Table:
        """Trains a network, and tells what came of it.

        Args:
            fit: The number of the training.
            kept: Where it goes on from, if it was stopped.
        """


class TrainingStage(ABC):
    """Trains, and commits what came of each training."""

    def __init__(self, job: Any, on_gpu: Any) -> None:
        self._job = fetched(job)
        self._device = "cuda" if fetched(on_gpu) else "cpu"
        self._trainer: AnyTrainer | None = None

    def __call__(self, row: pa.Table) -> pa.Table:
        """Takes the number of a training; returns its ledger row."""
        fit, started, clock = table_of(row)["shard"][0].as_py(), time.time(), time.perf_counter()
        job: TrainingJob = self._job
        kept = Checkpoint(job.fits.output, job.fits.fingerprint, fit, job.every)
        try:
            with failing_as_worker():
                # Not in the constructor, which Ray would repeat.
                trainer = self._trainer = self._trainer or self.trainer(self._job, self._device)
                table = trainer.table(fit, kept)
        except RaydriftError as error:
            return failure_row(error)
        spent = time.perf_counter() - clock
        done = committed(
            job.fits.output,
            lambda: commit_fit(job.fits, fit, table, started, spent, trainer.platform),
        )
        with suppress(OSError):  # they all go in the end
            kept.remove()
        return done

    @staticmethod
    @abstractmethod
    def trainer(job: Any, device: str) -> AnyTrainer:
        """What trains, on ``cpu`` or ``cuda``.

        Raises:
            RaydriftError: It cannot be done on this node.
        """

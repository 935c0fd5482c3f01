"""The loop of a training: steps, looks at them, saves; the same in each process that trains."""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import torch

from raydrift.engine.training.beginning import begin_training
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.measuring import is_collapsed
from raydrift.engine.training.saving import Counts, Saver
from raydrift.engine.training.standing import Watcher
from raydrift.engine.training.state_file import is_finite, own_state
from raydrift.engine.training.work import TrainingWork
from raydrift.errors import PipelineError
from raydrift.gan.replicas import Replicas
from raydrift.storage.training_record import COMPLETE, RUNNING, STOPPED
from raydrift.text import plural

MOST_RESTARTS: Final = 3
_RATE_FACTOR: Final = 0.5
_COLLAPSES: Final = 2  # saves in a row
_LOOK_STEPS: Final = 10  # between two questions whether to stop, where several train together
_MEMORY: Final = ("out of memory", "can't allocate memory", "not enough memory")
_ASKED: Final = "asked"


class TrainingLoop:
    """Trains to the end, or until it is asked to stop.

    All processes take the same steps and decide alike: whatever only one of them knows, the others
    are told by ``_any``, which all call at the same steps.

    Args:
        job: The training.
        work: What it makes.
        replicas: This process among those that train together.
        device: ``cpu`` or ``cuda``.
        watcher: Is told, by the first process.

    Raises:
        SettingsError: What the training is to begin with is of other networks.
        PipelineError: The memory is too small for the networks.
    """

    def __init__(
        self,
        job: TrainingJob,
        work: TrainingWork,
        replicas: Replicas,
        device: str,
        watcher: Watcher,
    ) -> None:
        self._job, self._work, self._replicas, self._device = job, work, replicas, device
        self._watcher = watcher
        with self._memory_told():
            self._trainer = work.trainer(replicas, device)
            begun = begin_training(job, self._trainer)
        self._is_new, self._counts = begun.is_new, begun.counts
        self._stop = ""  # why, where this process wants to
        self._logged = self._trainer.steps_done
        self._saver: Saver | None = None
        if replicas.rank == 0:
            record = begun.record(replicas.world, device)
            for sentence in work.notes:
                record.note(sentence)
            self._saver = Saver(job, work, self._trainer, record, watcher, begun.seconds)
            self._tell_begin(replicas.world)

    def run(self) -> str:
        """Trains.

        Returns:
            ``complete`` or ``stopped``.

        Raises:
            PipelineError: Losses are not finite time and again, or the memory is too small.
            OSError: The output cannot be written.
        """
        with self._memory_told():
            return self._run()

    def _tell_begin(self, workers: int) -> None:
        done, steps = self._trainer.steps_done, self._trainer.steps
        text = f"training from step {done:,} to {steps:,} with {plural(workers, 'worker')}"
        facts = {"step": done, "steps": steps, "workers": workers, "device": self._device}
        self._watcher.event(logging.INFO, "begin", text, facts)

    def _run(self) -> str:
        trainer, log_every = self._trainer, self._job.train.log_every
        look = 1 if self._replicas.world == 1 else min(_LOOK_STEPS, log_every)
        if self._is_new:
            self._save(RUNNING)
        while trainer.steps_done < trainer.steps:
            trainer.step()
            done = trainer.steps_done
            due = done % trainer.save_steps == 0 or done >= trainer.steps
            if not due and done % look and done % log_every:
                continue
            stops = self._any(self._wants_to_stop())
            if not (due or stops or done % log_every == 0):
                continue
            losses = trainer.losses()
            failing = self._work.failing(losses)
            if (due or stops) and not failing and not is_finite(trainer.state()):
                failing = ["weights"]  # a save of these could not be gone back to
            if self._any(bool(failing)):
                self._go_back(failing)
                continue
            self._log({name: one for name, one in losses.items() if math.isfinite(one)})
            if done >= trainer.steps:
                break
            if stops:
                # Ctrl-C waits for no measures.
                self._save(STOPPED, whole=not self._watcher_stops)
                return STOPPED
            if due:
                self._save(RUNNING)
                if self._any(bool(self._stop)):
                    self._save_status(STOPPED)
                    return STOPPED
        self._save(COMPLETE)
        return COMPLETE

    @property
    def _watcher_stops(self) -> bool:
        return self._stop == _ASKED

    def _wants_to_stop(self) -> bool:
        """Whether this process has a reason to stop; only the first one ever has."""
        if self._saver is None:
            return False
        hours = self._job.train.max_hours
        if hours is not None and self._saver.hours >= hours:
            self._stop = "max_hours"
            self._saver.note(
                f"stopped at step {self._trainer.steps_done:,} of {self._trainer.steps:,} after "
                f"{hours:g} hours (train.max_hours): the same command continues the training"
            )
        if self._watcher.is_stop_asked():
            self._stop = _ASKED
        return bool(self._stop)

    def _log(self, losses: Mapping[str, float]) -> None:
        if self._saver is None:
            return
        self._saver.log(losses)
        done, counts, most = self._trainer.steps_done, self._counts, self._work.winning_steps
        before = counts.winning
        won = self._work.has_discriminator_won(losses)
        counts.winning = before + done - self._logged if won else 0
        self._logged = done
        if before < most <= counts.winning:
            self._saver.note(
                f"from step {done - counts.winning:,} on the discriminators tell all generated "
                "images from real ones, and the generators learn little: lower the "
                "discriminators' rate, or give more images"
            )

    def _save(self, status: str, whole: bool = True) -> None:
        """Saves; a whole save has samples and measures too."""
        saver = self._saver
        if saver is None:
            return
        with saver.saving():
            self._save_by(saver, status, whole)

    def _save_by(self, saver: Saver, status: str, whole: bool) -> None:
        if whole:
            alike = is_collapsed(saver.measured())
            begun = self._trainer.steps_done > 0  # new networks make all images alike
            self._counts.collapsed = self._counts.collapsed + 1 if alike and begun else 0
            if self._counts.collapsed == _COLLAPSES:
                self._tell_collapse(saver)
        saver.save(status, self._counts, whole)

    def _save_status(self, status: str) -> None:
        if self._saver is not None:
            self._saver.save(status, self._counts)

    def _tell_collapse(self, saver: Saver) -> None:
        saver.note(
            f"at step {self._trainer.steps_done:,} generated images are nearly all alike (a "
            "collapse): use an earlier model of model/checkpoints, lower the rates, or give more "
            "images"
        )
        if self._job.train.on_collapse == "stop":
            self._stop = "collapse"

    def _go_back(self, failing: Sequence[str]) -> None:
        """Goes on at the last save, with lower rates.

        Raises:
            PipelineError: That was done often enough.
        """
        trainer, counts, failed = self._trainer, self._counts, self._trainer.steps_done
        names = ", ".join(failing) or "of another worker"
        saved = own_state(self._job.output, self._job.fingerprint)
        if counts.restarts >= MOST_RESTARTS or saved is None:
            raise PipelineError(
                f"the training came to nothing: at step {failed:,} losses are not finite ({names}),"
                f" after {plural(counts.restarts, 'return')} to the last save at half the learning "
                "rates each time: give lower rates, train.precision = 'float32', or look for odd "
                "images"
            )
        self._any(False)  # all have read it before it is written
        trainer.load_state(saved.state)
        trainer.scale_rates(_RATE_FACTOR)
        self._counts = Counts(counts.restarts + 1, saved.collapsed, saved.winning)
        self._logged = trainer.steps_done
        if self._saver is not None:
            sentence = (
                f"at step {failed:,} losses were not finite ({names}): went back to the save at "
                f"step {trainer.steps_done:,}, with half the learning rates"
            )
            self._saver.went_back(sentence, self._counts)
        self._any(False)  # it is written before any reads it again

    def _any(self, one: bool) -> bool:
        """Whether it is so in any of the processes."""
        told = torch.tensor(float(one), device=self._device)
        return bool(self._replicas.mean(told) > 0)

    @contextmanager
    def _memory_told(self) -> Iterator[None]:
        """Says of too little memory what to do about it.

        Raises:
            PipelineError: There is too little.
        """
        try:
            yield
        except RuntimeError as error:  # which torch.OutOfMemoryError is
            if not any(said in str(error) for said in _MEMORY):
                raise
            where = "the GPU" if self._device.startswith("cuda") else "this machine"
            raise PipelineError(
                f"{where} has too little memory to train with train.batch_size = "
                f"{self._job.train.batch_size}, {self._work.sizes}: give a smaller one of them"
            ) from None

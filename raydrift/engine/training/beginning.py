"""Where a training begins: anew, at its last save, or with what another training left."""

from dataclasses import dataclass

import torch

from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.resumed import earlier_training
from raydrift.engine.training.saving import Counts
from raydrift.engine.training.state_file import own_state
from raydrift.gan.trainer import Trainer
from raydrift.storage.record import installed_versions
from raydrift.storage.training_record import RUNNING, TrainingRecord, load_training


@dataclass(frozen=True)
class Begun:
    """How a session of a training begins.

    Attributes:
        job: The training.
        counts: What was counted before.
        seconds: That earlier sessions trained.
        is_new: Whether nothing of it was saved yet.
        notes: Sentences on where it begins.
    """

    job: TrainingJob
    counts: Counts
    seconds: float
    is_new: bool
    notes: tuple[str, ...] = ()

    def record(self, workers: int, device: str) -> TrainingRecord:
        """What ``training.json`` says: what it said, and who trains now."""
        found = None if self.is_new else load_training(self.job.output)
        if found is None or found.fingerprint != self.job.fingerprint:
            found = TrainingRecord(dict(self.job.identity))
        for sentence in (*self.job.notes, *self.notes):
            found.note(sentence)
        found.status, found.workers, found.threads = RUNNING, workers, torch.get_num_threads()
        found.device = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
        found.versions = installed_versions()
        return found


def begin_training(job: TrainingJob, trainer: Trainer) -> Begun:
    """Gives a trainer the state in which its training goes on.

    Raises:
        SettingsError: What it is to begin with is not there, or of other networks.
    """
    saved = own_state(job.output, job.fingerprint)
    if saved is not None:
        trainer.load_state(saved.state)
        counts = Counts(saved.restarts, saved.collapsed, saved.winning)
        return Begun(job, counts, saved.seconds, is_new=False)
    notes: tuple[str, ...] = ()
    if job.train.resume is not None:
        notes = (earlier_training(job.train.resume, job.run.options_of("model")).give(trainer),)
    return Begun(job, Counts(), 0.0, is_new=True, notes=notes)

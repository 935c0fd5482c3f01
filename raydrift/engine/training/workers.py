"""Who trains: this process, or several of Ray Train."""

import torch

from raydrift.engine.training.here import train_here
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.stopping import held_signals
from raydrift.engine.training.watching import TrainingView
from raydrift.gan.replicas import Replicas
from raydrift.storage.lock import OutputLock


def run_training(job: TrainingJob, lock: OutputLock, quiet: bool) -> str:
    """Trains where the settings say.

    Args:
        job: The training.
        lock: The lock of its folder.
        quiet: Show no progress.

    Returns:
        ``complete`` or ``stopped``.

    Raises:
        RaydriftError: As ``train``.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with held_signals() as signal:
        view = TrainingView(
            job.fingerprint[:12], lock.check, lambda: signal.number is not None, quiet
        )
        with view:
            return train_here(job, Replicas(), device, view)

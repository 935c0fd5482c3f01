"""A training in this process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from raydrift.cpus import usable_cpus
from raydrift.engine.training.cyclegan_work import CycleGanWork
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.loop import TrainingLoop
from raydrift.engine.training.standing import Watcher
from raydrift.engine.training.stylegan_work import StyleGanWork
from raydrift.engine.training.work import TrainingWork
from raydrift.gan.replicas import Replicas
from raydrift.settings.translate import TranslateSettings


def train_here(job: TrainingJob, replicas: Replicas, device: str, watcher: Watcher) -> str:
    """Trains in this process, alone or as one of several.

    Args:
        job: The training.
        replicas: This process among those that train together.
        device: ``cpu`` or ``cuda``.
        watcher: Is told, by the first process.

    Returns:
        ``complete`` or ``stopped``.

    Raises:
        RaydriftError: As ``train``.
    """
    with used_threads(job.threads):
        work = work_of(job, device)
        return TrainingLoop(job, work, replicas, device, watcher).run()


def work_of(job: TrainingJob, device: str) -> TrainingWork:
    """What a training makes."""
    settings = job.settings
    if isinstance(settings, TranslateSettings):
        return CycleGanWork(job, settings, device)
    return StyleGanWork(job, settings, device)


@contextmanager
def used_threads(threads: int | None) -> Iterator[None]:
    """Has torch use so many threads of a CPU.

    Another number of threads sums up in another order, so the same training ends with other last
    digits. The number is a part of the record, not of the identity: a training may go on on
    another machine.

    Args:
        threads: None: what ``OMP_NUM_THREADS`` says, else one a CPU.
    """
    said = os.environ.get("OMP_NUM_THREADS", "")
    wanted = threads or (int(said) if said.isdecimal() and int(said) else usable_cpus())
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)

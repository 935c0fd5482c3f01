"""Which numbers an augmentation draws: by sample and epoch, or Keras' own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import numpy as np

from raydrift import seeds
from raydrift.augment.batches import BatchTask
from raydrift.flows.order import KERAS

_RNG: ContextVar[np.random.RandomState | None] = ContextVar("_RNG", default=None)
_TASK: ContextVar[BatchTask | None] = ContextVar("_TASK", default=None)

_OF_BATCH: Final = 2**63  # beyond all samples: what belongs to a batch as a whole

Seed = int | np.random.RandomState | None


def state_of(seed: Seed) -> np.random.RandomState:
    """The numbers that a seed stands for.

    Args:
        seed: A seed as Keras takes it, 0 to 2^32 - 1; or the numbers themselves; None: those of the
            batch that is being made in this thread, or else new ones.
    """
    if isinstance(seed, np.random.RandomState):
        return seed
    if seed is None:
        return _RNG.get() or np.random.RandomState()
    return np.random.RandomState(seed)


@contextmanager
def drawing_from(rng: np.random.RandomState) -> Iterator[None]:
    """Draws without a seed are from these numbers, in this thread, until the end of the block."""
    before = _RNG.set(rng)
    try:
        yield
    finally:
        _RNG.reset(before)


@contextmanager
def at_work_on(task: BatchTask) -> Iterator[None]:
    """The batch that is being made in this thread, until the end of the block."""
    before = _TASK.set(task)
    try:
        yield
    finally:
        _TASK.reset(before)


def task_at_work() -> BatchTask | None:
    """The batch that is being made in this thread."""
    return _TASK.get()


def state_of_batch(draws: str, seed: int, task: BatchTask, samples: int) -> np.random.RandomState:
    """The numbers of a batch as a whole.

    Args:
        draws: ``sample`` or ``keras``.
        seed: The flow's seed.
        task: The batch.
        samples: How many samples the flow has: Keras draws their order before what the first batch
            of an epoch draws, from the same numbers.
    """
    if draws != KERAS:
        return seeds.random_state(seed, seeds.FLOW_DRAW, _OF_BATCH + task.place, task.epoch)
    rng = np.random.RandomState(seed + task.number)
    if task.draws_order:
        rng.permutation(samples)
    return rng

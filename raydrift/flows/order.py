"""The order of an epoch, cut into batches beforehand: each sample comes once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import BatchTask
from raydrift.schedules.epochs import epoch_order
from raydrift.settings.flow import DROPPED, SMALLER, WRAPPED

SAMPLE: Final = "sample"
"""Draws are keyed by seed, epoch and sample."""

KERAS: Final = "keras"
"""Draws are those of Keras: one stream a batch, from the seed plus the batch's number."""


@dataclass(frozen=True)
class Order:
    """The samples of each batch of each epoch.

    Attributes:
        samples: How many samples an epoch has.
        batch_size: Samples a batch.
        seed: 0 to 2^64 - 1; with Keras' draws it plus the batch's number is below 2^32.
        shuffle: Whether each epoch has an order of its own, or all have 0, 1, 2, …
        draws: ``sample`` or ``keras``.
        last: What the last batch is: ``smaller``, ``wrapped`` or ``dropped``.

    >>> [task.samples.tolist() for task in Order(5, 2, seed=1, shuffle=False).epoch(0)]
    [[0, 1], [2, 3], [4]]
    >>> order = Order(5, 2, seed=1)
    >>> sorted(int(one) for task in order.epoch(3) for one in task.samples)
    [0, 1, 2, 3, 4]
    """

    samples: int
    batch_size: int
    seed: int
    shuffle: bool = True
    draws: str = SAMPLE
    last: str = SMALLER

    def __len__(self) -> int:
        """Batches an epoch."""
        if self.last == DROPPED:
            return self.samples // self.batch_size
        return -(-self.samples // self.batch_size)

    def epoch(self, epoch: int, number: int | None = None, first: int = 0) -> Iterator[BatchTask]:
        """The batches of an epoch.

        Args:
            epoch: The epoch, from 0.
            number: The number of its batch 0 over all epochs; None: as many epochs of all batches
                went before as ``epoch`` says.
            first: The place of the batch that is made first.
        """
        start = epoch * len(self) if number is None else number
        order = self.permutation(epoch, start)
        for place in range(first, len(self)):
            yield self.task(order, epoch, place, start + place)

    def endless(self, epoch: int = 0, number: int = 0, first: int = 0) -> Iterator[BatchTask]:
        """The batches of all epochs from one on; the arguments are those of ``epoch``."""
        while len(self):
            yield from self.epoch(epoch, number, first)
            epoch, number, first = epoch + 1, number + len(self), 0

    def permutation(self, epoch: int, number: int) -> npt.NDArray[np.int64]:
        """The order of an epoch: a sample for each place.

        Args:
            epoch: The epoch.
            number: The number of its batch 0 over all epochs, by which Keras draws.
        """
        if not self.shuffle:
            return np.arange(self.samples)
        if self.draws == KERAS:
            return np.random.RandomState(self.seed + number).permutation(self.samples)
        return self._keyed(epoch, 0)

    def task(self, order: npt.NDArray[np.int64], epoch: int, place: int, number: int) -> BatchTask:
        """One batch of an epoch.

        Args:
            order: The epoch's order.
            epoch: The epoch.
            place: The batch's place in it, from 0.
            number: The batch's number over all epochs.
        """
        start, size = place * self.batch_size, self.batch_size
        samples = order[start : start + size]
        if self.last == WRAPPED and len(samples) < size:
            again = -(-(size - len(samples)) // max(self.samples, 1))
            more = [self._again(epoch, one) for one in range(1, again + 1)]
            samples = np.concatenate([samples, *more])[:size]
        draws_order = self.draws == KERAS and self.shuffle and place == 0
        return BatchTask(number, epoch, place, samples, draws_order)

    def _again(self, epoch: int, time: int) -> npt.NDArray[np.int64]:
        return self._keyed(epoch, time) if self.shuffle else np.arange(self.samples)

    def _keyed(self, epoch: int, time: int) -> npt.NDArray[np.int64]:
        return epoch_order(self.seed, self.samples, epoch, time)

"""Batches that Ray makes for a flow, taken in order or nearly so."""

import os
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import RLock
from typing import Final

import numpy as np

from raydrift.augment.batches import Batch, BatchMaker, BatchTask
from raydrift.flows.keras_there import RANDOM_ORDER
from raydrift.flows.order import KERAS, Order
from raydrift.warned import warn

_NEAR: Final = 16  # batches that a reader of several threads may be ahead of itself
_SCATTERED: Final = 3  # so many batches out of order are no look at one of them


@dataclass(eq=False)
class Stream:
    """The batches of a flow from Ray, which is started when the first is asked for.

    Attributes:
        maker: What makes them.
        order: Which there are.
        workers: Processes; a float is a share of the CPUs.
        ahead: Batches that may be done before they are used.
        batch_bytes: Bytes of one.
    """

    maker: BatchMaker
    order: Order
    workers: int | float
    ahead: int
    batch_bytes: int
    _batches: Generator[Batch] | None = None
    _at: tuple[int, int] = (0, 0)
    _far: int = 0  # batches that were asked for out of order
    _kept: dict[tuple[int, int], Batch] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)
    _process: int = field(default_factory=os.getpid)

    def take(self, task: BatchTask, indexed: bool) -> Batch | None:
        """The batch of a task.

        Args:
            task: The batch, of an epoch of the order.
            indexed: Whether it was asked for by its place, and not because it is the next.

        Returns:
            The batch; None where it is to be made here: it is far from what comes next, or another
            order was set, or this is a process that was forked.
        """
        if os.getpid() != self._process:
            return None
        with self._lock:
            place = task.epoch, task.place
            self._far = self._far if indexed else 0
            if indexed and self._far == _SCATTERED:
                return None
            if place not in self._kept and not self._pull(task, indexed):
                return None
            batch = self._kept.pop(place)
            # Keras looks at the first batch of an epoch before it begins the epoch.
            if indexed and task.place == 0:
                self._kept[place] = batch
                batch = replace(batch, arrays=tuple(array.copy() for array in batch.arrays))
            self._forget(task.epoch)
        same = np.array_equal(batch.task.samples, task.samples)
        if self.order.draws == KERAS:  # which draws by the batch's number
            asked = (task.number, task.draws_order)
            same = same and (batch.task.number, batch.task.draws_order) == asked
        return batch if same else None

    def close(self) -> None:
        """Ends the work; the next batch that is asked for begins it again."""
        with self._lock:
            batches, self._batches = self._batches, None
            self._kept.clear()
            if batches is not None:
                batches.close()

    def _pull(self, task: BatchTask, indexed: bool) -> bool:
        """Pulls batches up to a task's; False where none should be."""
        here = self._batches is not None and task.epoch == self._at[0]
        if not here or not 0 <= task.place - self._at[1] <= _NEAR:
            if indexed and (task.place or here):
                self._note_far()
                return False
            self._open(task)
        while (task.epoch, task.place) not in self._kept:
            self._next()
        return True

    def _note_far(self) -> None:
        """Ends the work where batches are asked for in random order: it would be for nothing."""
        self._far += 1
        if self._far == _SCATTERED:
            self.close()
            warn(RANDOM_ORDER)

    def _open(self, task: BatchTask) -> None:
        from raydrift.engine.flow import FlowPlan, batches_on_ray

        self.close()
        first = task.number - task.place
        tasks = partial(self.order.endless, task.epoch, first, task.place)
        plan = FlowPlan(self.workers, self.ahead, self.batch_bytes)
        self._batches = batches_on_ray(self.maker, tasks, plan)
        self._at = task.epoch, task.place

    def _next(self) -> None:
        try:
            batch = next(self._batches or iter(()))
        except BaseException:
            with suppress(Exception):
                self.close()
            raise
        epoch, place = batch.task.epoch, batch.task.place
        self._kept[epoch, place] = batch
        self._at = (epoch, place + 1) if place + 1 < len(self.order) else (epoch + 1, 0)

    def _forget(self, epoch: int) -> None:
        """Drops what was pulled and not asked for: of epochs before, and beyond a few."""
        kept = [place for place in self._kept if place[0] >= epoch][-_NEAR - 1 :]
        self._kept = {place: self._kept[place] for place in kept}

"""Epoch after epoch of batches, in this process or from one pipeline of Ray."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from raydrift.augment.batches import Batch, BatchMaker, BatchTask
from raydrift.errors import SettingsError
from raydrift.flows.order import Order
from raydrift.settings.cluster import ClusterSettings

Tasks = Callable[[int, int], Iterator[BatchTask]]
"""The tasks of an epoch from a place on."""


@dataclass(frozen=True)
class Shared:
    """The workers of a flow, and its share of each epoch.

    Attributes:
        workers: Processes of Ray; 0: this process makes them; a float is a share of the CPUs.
        ahead: Batches that may be done before they are used.
        epochs: After how many epochs the work ends; None: it does not.
        rank: Which of several processes that share an epoch this one is.
        world_size: How many they are.
        even: Whether all of them have as many batches.
        cluster: Where Ray is.
    """

    workers: int | float = 0
    ahead: int = 4
    epochs: int | None = None
    rank: int = 0
    world_size: int = 1
    even: bool = False
    cluster: ClusterSettings = field(default_factory=ClusterSettings)


class EpochStream:
    """Makes the batches of epochs; the workers go on to the next epoch by themselves.

    Args:
        tasks: What batches an epoch has.
        shared: How they are made.
        batch_bytes: Bytes of one batch.
    """

    def __init__(self, tasks: Tasks, shared: Shared, batch_bytes: int) -> None:
        self._tasks, self._shared, self._batch_bytes = tasks, shared, batch_bytes
        self._batches: Generator[Batch] | None = None
        self._next: tuple[int, int] | None = None  # what the pipeline makes next

    @property
    def is_open(self) -> bool:
        """Workers are at work, or ready for the next epoch."""
        return self._batches is not None

    @property
    def following(self) -> int:
        """The epoch that the workers make next; 0: none are at work."""
        return 0 if self._batches is None or self._next is None else self._next[0]

    def epoch(self, maker: BatchMaker, epoch: int, first: int) -> Generator[Batch]:
        """The batches of an epoch from a place on.

        Raises:
            SettingsError: Another epoch was begun before this one was over.
        """
        tasks = self._tasks(epoch, first)
        if not self._shared.workers:
            yield from map(maker.make, tasks)
            return
        start = next(tasks, None)
        if start is None:
            return
        if self._batches is None or self._next != (epoch, start.place):
            self.close()
            endless = _Endless(self._tasks, self._shared.epochs, epoch, first)
            self._batches = self._on_ray(maker, endless)
        batches, finished = self._batches, False
        try:
            for task in chain([start], tasks):
                if batches is not self._batches:
                    raise SettingsError(
                        "another loop over this part of the flow began: finish one before the "
                        "next, or make a second flow"
                    )
                yield next(batches)
                self._next = (epoch, task.place + self._shared.world_size)
            finished = epoch + 1 != self._shared.epochs
        finally:
            if not finished and batches is self._batches:
                self.close()
        self._next = (epoch + 1, self._shared.rank)

    def apart(self, maker: BatchMaker, tasks: Callable[[], Iterator[BatchTask]]) -> Iterator[Batch]:
        """Some batches by another maker; the epochs are not moved."""
        if not self._shared.workers:
            yield from map(maker.make, tasks())
            return
        with closing(self._on_ray(maker, tasks)) as batches:
            yield from batches

    def close(self) -> None:
        """Ends the work on Ray; an epoch that comes later begins it again."""
        batches, self._batches = self._batches, None
        if batches is not None:
            batches.close()

    def _on_ray(
        self, maker: BatchMaker, tasks: Callable[[], Iterator[BatchTask]]
    ) -> Generator[Batch]:
        from raydrift.engine.flow import FlowPlan, batches_on_ray

        shared = self._shared
        plan = FlowPlan(shared.workers, shared.ahead, self._batch_bytes, shared.cluster)
        return batches_on_ray(maker, tasks, plan)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out what is at work."""
        return {**self.__dict__, "_batches": None, "_next": None}


@dataclass(frozen=True)
class _Endless:
    """The tasks of all epochs from one on; it holds nothing of the stream, so that this can go."""

    tasks: Tasks
    epochs: int | None
    epoch: int
    first: int

    def __call__(self) -> Iterator[BatchTask]:
        epoch, first = self.epoch, self.first
        while self.epochs is None or epoch < self.epochs:
            yield from self.tasks(epoch, first)
            epoch, first = epoch + 1, 0


def for_validation(shared: Shared) -> Shared:
    """The same where no image may be left out."""
    return replace(shared, even=False)


@dataclass(frozen=True)
class EpochTasks:
    """The batches of an epoch that are one rank's; it can be pickled.

    Attributes:
        order: Which samples each batch of each epoch has.
        shared: The rank, and the number of ranks.
        constant: All epochs are the same: nothing is drawn by the epoch.
    """

    order: Order
    shared: Shared
    constant: bool = False

    def __call__(self, epoch: int, first: int = 0) -> Iterator[BatchTask]:
        """The tasks of an epoch, the first of them from a place on."""
        rank, world, end = self.shared.rank, self.shared.world_size, self.end
        tasks = self.order.epoch(0 if self.constant else epoch, first=first)
        return (task for task in tasks if task.place < end and task.place % world == rank)

    def __len__(self) -> int:
        """Batches an epoch, of this rank."""
        return len(range(self.shared.rank, self.end, self.shared.world_size))

    @property
    def end(self) -> int:
        """The number of batches that all ranks together get of an epoch."""
        count, world = len(self.order), self.shared.world_size
        return count // world * world if self.shared.even else count

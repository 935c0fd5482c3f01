"""What keeps the pixels that wait for embedders, or for a consumer, within bounds.

Ray Data holds a stage back by the size of what it made so far. Before the first shard came it knows
none, and starts two on every worker: with a small store they do not fit, and go to the disk. Of
batches for a consumer that pauses it makes as many as half of the store takes.
"""

import time
from functools import partial
from typing import Any, Final, Self

from ray.data import DataContext

from raydrift.engine.ray_private import StageRule, add_rule

_PNGS: Final = 1.0  # as many bytes as the pixels that they show: of noise; of photos it is half
_STOPPING_S: Final = 3.0
_OF_LIMIT: Final = 1.5  # Ray Data takes half of the store by itself; from 80 % on Ray spills


def limit_pixels(context: DataContext, pixel_bytes: int) -> None:
    """Has a pipeline whose last two stages make and embed pixels keep these within the store.

    Args:
        context: The pipeline's settings.
        pixel_bytes: The bytes of the images of one shard.
    """
    add_rule(context, partial(PixelsInStore, shard_bytes=int(pixel_bytes * (1 + _PNGS))))


class PixelsInStore(StageRule):
    """Lets no shard be begun that would not fit beside those that are on their way.

    On its way is a shard from when a worker is told to drift it until its embedder is done; there
    is always one.
    """

    def __init__(self, context: Any, topology: Any, resources: Any, shard_bytes: int) -> None:
        super().__init__(context, topology, resources)
        self._shard_bytes = shard_bytes

    def may_begin(self, stage: int) -> bool:
        """Whether workers, the last stage but one, may begin another shard."""
        if stage != -2:
            return True
        on_the_way = self.begun(-2) - self.done(-1)
        room = _OF_LIMIT * self.store_bytes()
        return on_the_way == 0 or (on_the_way + 1) * self._shard_bytes <= room


class Taken:
    """How many batches a consumer has taken so far, and whether it wants more.

    Attributes:
        count: How many.
        stopped: Whether it wants no more.
        in_work: How many workers have begun and not done, when ``AheadOfConsumer`` was last asked;
            None: it was not asked since the consumer stopped.
    """

    def __init__(self) -> None:
        self.count = 0
        self.stopped = False
        self.in_work: int | None = 0

    def stop(self) -> None:
        """Wants no more, and waits a moment until nothing is in work.

        Of what is in work when its workers are stopped Ray would tell the user that it failed.
        """
        self.in_work = None
        self.stopped = True
        deadline = time.monotonic() + _STOPPING_S
        while self.in_work != 0 and time.monotonic() < deadline:
            time.sleep(0.01)

    def __deepcopy__(self, _: object) -> Self:
        """Ray Data copies its settings with all that is in them; the count stays one."""
        return self


def limit_ahead(context: DataContext, ahead: int, taken: Taken) -> None:
    """Has a pipeline begin only so many shards more than its consumer has taken.

    Args:
        context: The pipeline's settings.
        ahead: How many.
        taken: Counted by whoever gives them to the consumer, in the driver's process.
    """
    add_rule(context, partial(AheadOfConsumer, ahead=ahead, taken=taken))


class AheadOfConsumer(StageRule):
    """Lets the last stage begin only so many shards more than were taken."""

    def __init__(
        self, context: Any, topology: Any, resources: Any, ahead: int, taken: Taken
    ) -> None:
        super().__init__(context, topology, resources)
        self._ahead, self._taken = ahead, taken

    def may_begin(self, stage: int) -> bool:
        """Whether the last stage may begin another shard."""
        if stage != -1:
            return not self._taken.stopped
        if self._taken.stopped:
            self._taken.in_work = self.begun(-1) - self.done(-1)
            return False
        return self.begun(-1) - self._taken.count < self._ahead

"""What keeps the pixels that wait for embedders within the object store.

Ray Data holds a stage back by the size of what it made so far. Before the first shard came it knows
none, and starts two on every worker: with a small store they do not fit, and go to the disk.
"""

from functools import partial
from typing import Any, Final

from ray.data import DataContext
from ray.data._internal.execution.backpressure_policy import (
    ENABLED_BACKPRESSURE_POLICIES,
    ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY,
    BackpressurePolicy,
)

_PNGS: Final = 1.0  # as many bytes as the pixels that they show: of noise; of photos it is half
_OF_LIMIT: Final = 1.5  # Ray Data takes half of the store by itself; from 80 % on Ray spills


def limit_pixels(context: DataContext, pixel_bytes: int) -> None:
    """Has a pipeline whose last two stages make and embed pixels keep these within the store.

    Args:
        context: The pipeline's settings.
        pixel_bytes: The bytes of the images of one shard.
    """
    ours = partial(PixelsInStore, shard_bytes=int(pixel_bytes * (1 + _PNGS)))
    policies = [*ENABLED_BACKPRESSURE_POLICIES, ours]
    context.set_config(ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY, policies)


class PixelsInStore(BackpressurePolicy):
    """Lets no shard be begun that would not fit beside those that are on their way.

    On its way is a shard from when a worker is told to drift it until its embedder is done; there
    is always one.
    """

    def __init__(self, context: Any, topology: Any, resources: Any, shard_bytes: int) -> None:
        super().__init__(context, topology, resources)
        self._workers, self._embedders = list(topology)[-2:]
        self._shard_bytes = shard_bytes

    def can_add_input(self, op: Any) -> bool:
        """Whether a stage may begin another shard."""
        if op is not self._workers:
            return True
        begun: int = self._workers.metrics.num_tasks_submitted
        on_the_way: int = begun - self._embedders.metrics.num_task_inputs_processed
        room: float = _OF_LIMIT * self._resource_manager.get_global_limits().object_store_memory
        return on_the_way == 0 or (on_the_way + 1) * self._shard_bytes <= room

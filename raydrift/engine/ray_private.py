"""The private names of Ray's that raydrift uses, each with the reason; no other file has any.

A test for each says in plain words when a new Ray has changed it.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

import pyarrow as pa
import ray
from ray.data import DataContext, Dataset
from ray.data._internal.execution.backpressure_policy import (
    ENABLED_BACKPRESSURE_POLICIES,
    ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY,
    BackpressurePolicy,
)
from ray.util.metrics import Counter

OBJECTS_AHEAD: Final = "_generator_backpressure_num_objects"
"""The option of a remote generator that says how many objects may wait to be taken.

Ray Data has no public way to hold back a source that is faster than all that follows.
"""


@contextmanager
def executed(dataset: Dataset) -> Iterator[Iterator[pa.Table]]:
    """Runs a dataset, and stops it when the block ends, however far it is.

    ``iter_batches`` waits on a lock that Ctrl-C does not always interrupt.
    ``iter_internal_ref_bundles`` leaves workers at work where it is closed early.

    Yields:
        The tables of the last stage, as they are done.
    """
    bundles, _, executor = dataset._execute_to_iterator()
    if executor is not None:
        executor.set_external_consumer_bytes(0)  # nothing is held here: the last stage may wait

    def tables() -> Iterator[pa.Table]:
        for bundle in bundles:
            yield from cast(list[pa.Table], ray.get(bundle.block_refs))

    try:
        yield tables()
    finally:
        if executor is not None and ray.is_initialized():  # else it would start Ray again
            executor.shutdown(force=True)


class StageRule(BackpressurePolicy):
    """A rule for when a stage may begin with another block; all rules have to agree.

    Public settings bound bytes that were seen, not blocks that are under way. Stages are counted
    from the last one, which is -1.
    """

    def __init__(self, context: Any, topology: Any, resources: Any) -> None:
        super().__init__(context, topology, resources)
        self._stages = list(topology)

    def can_add_input(self, op: Any) -> bool:
        """What Ray Data asks."""
        return self.may_begin(self._stages.index(op) - len(self._stages))

    @abstractmethod
    def may_begin(self, stage: int) -> bool:
        """Whether a stage may begin with another block."""

    def begun(self, stage: int) -> int:
        """How many blocks a stage has begun with."""
        return int(self._stages[stage].metrics.num_tasks_submitted)

    def done(self, stage: int) -> int:
        """How many blocks a stage is done with."""
        return int(self._stages[stage].metrics.num_task_inputs_processed)

    def store_bytes(self) -> float:
        """How much of the object store Ray Data takes for itself."""
        return float(self._resource_manager.get_global_limits().object_store_memory)


def add_rule(context: DataContext, rule: Callable[..., StageRule]) -> None:
    """Adds a rule to a pipeline.

    Args:
        context: The pipeline's settings.
        rule: A subclass of ``StageRule``, with its own arguments bound.
    """
    key = ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY
    known = context.get_config(key, ENABLED_BACKPRESSURE_POLICIES)
    context.set_config(key, [rule, *known])


def count(counter: Counter, value: float, labels: Mapping[str, str]) -> None:
    """Adds to a counter; ``Counter.inc`` refuses 0, with which a series begins that has a rate."""
    counter._record(value, dict(labels))


def is_on_found_cluster() -> bool:
    """Whether this process found its cluster, instead of starting it as ``ray.init()`` does."""
    node: Any = ray._private.worker._global_node
    return node is not None and not node.is_head()


def address_left_here() -> str:
    """The address that ``auto`` finds on this machine; empty: none.

    It may be of a cluster that has ended; ``ray.init`` would try it for many minutes.
    """
    try:
        return str(ray._private.services.get_ray_address_from_environment("auto", None) or "")
    except ConnectionError:
        return ""

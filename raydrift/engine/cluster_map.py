"""The pieces of a large work: on all nodes of a cluster, or in threads of this process."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import ray

from raydrift.engine.session import free_resources, is_client
from raydrift.errors import PipelineError, RaydriftError, reason
from raydrift.paths import redacted
from raydrift.storage.parallel_map import ParallelMap, in_threads

_RETRIES: Final = 20  # of a piece whose worker or node was lost
AT_ONCE: Final = 128  # the merge's results, which wait in the object store, hold tables
_LAST_WAIT_S: Final = 20.0


def cluster_map() -> ParallelMap:
    """Where a large work is done: on the cluster, if this process is connected to one.

    One that is this machine alone is no gain: Ray's processes would have to start.
    """
    if not ray.is_initialized():
        return in_threads
    try:
        nodes = sum(node["Alive"] for node in ray.nodes())
        alone = nodes < 2 and not is_client()
        cpus = 0 if alone else free_resources().cpus
        return partial(over_cluster, cpus=cpus) if cpus else in_threads
    except (ray.exceptions.RayError, ConnectionError):  # lost since the last shard
        return in_threads


def over_cluster(
    work: Callable[[Any], Any], items: Iterable[Any], _: int, cpus: int
) -> Generator[Any]:
    """A ``ParallelMap`` over Ray's tasks, each with one of the cluster's CPUs.

    Raises:
        PipelineError: A task was lost too often.
    """
    # Some more than can run: while one result is waited for, no CPU is idle.
    at_once = min(AT_ONCE, 2 * cpus)
    task: Any = ray.remote(num_cpus=1, max_retries=_RETRIES, scheduling_strategy="SPREAD")(_call)
    shared = ray.put(work)
    waiting: deque[Any] = deque()
    try:
        for item in items:
            waiting.append(task.remote(shared, item))
            if len(waiting) >= at_once:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    except (ray.exceptions.RayError, ConnectionError) as error:
        said = redacted(reason(error))[:300]
        raise PipelineError(
            f"the cluster lost workers too often: {said}: "
            "shards are kept; run the same command again"
        ) from error
    finally:
        with suppress(ray.exceptions.RayError, ConnectionError):  # the cluster may be gone
            for left in waiting:
                ray.cancel(left)
            if waiting:  # whoever comes next may delete what they write to
                ray.wait(list(waiting), num_returns=len(waiting), timeout=_LAST_WAIT_S)


def _call(work: Callable[[Any], Any], item: Any) -> Any:
    """What a task does; what it fails by is returned, as Ray would wrap it."""
    try:
        return work(item), None
    except (RaydriftError, OSError) as error:
        return None, error


def _result(answer: Any) -> Any:
    value, error = ray.get(answer)
    if error is not None:
        raise error
    return value

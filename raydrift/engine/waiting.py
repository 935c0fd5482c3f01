"""The wait for what a run can't begin without, on a cluster that others may join."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import ray
from ray.util.placement_group import placement_group, remove_placement_group

from raydrift.engine.plan import Demand, Plan, least_resources, make_plan
from raydrift.engine.reports import wait_reporter
from raydrift.engine.session import Resources, free_resources, may_grow
from raydrift.errors import ResourcesError, reason
from raydrift.settings.cluster import ClusterSettings
from raydrift.text import plural

_TELL_EVERY_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.5


Demands = Callable[[Resources], Sequence[Demand]]
"""What a job's roles need, by what Ray has free."""


def plan_when_free(
    cluster: ClusterSettings, demands: Demands, shards: int, quiet: bool = False
) -> Plan:
    """Makes the plan; on a cluster, waits for what it needs at least, and says so each minute.

    Args:
        cluster: Where the work is done, and how long the wait may be.
        demands: The demands of the job.
        shards: How many there are.
        quiet: Say nothing.

    Raises:
        ResourcesError: Ray has too few CPUs or GPUs free, after the wait.
    """
    try:
        return _plan_when_free(cluster, demands, shards, wait_reporter(quiet))
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise ResourcesError(
            f"the cluster was lost ({reason(error)}): run the same command again"
        ) from error


def _plan_when_free(
    cluster: ClusterSettings, demands: Demands, shards: int, tell: Callable[[str], None]
) -> Plan:
    grows = may_grow(cluster)
    deadline: float | None = None
    while True:
        free = free_resources()
        try:
            return make_plan(demands(free), free, shards, grows)
        except ResourcesError as problem:
            if not grows:
                raise
            least = least_resources(demands(free), shards)
            now = time.monotonic()
            deadline = deadline or now + cluster.wait_seconds
            if now >= deadline:
                waited = f"waited {cluster.wait_seconds:g} s (cluster.wait_seconds): "
                raise ResourcesError(f"{waited}{problem}") from None
        _wait(least, free, deadline, tell)


def _wait(
    least: Resources, free: Resources, deadline: float, tell: Callable[[str], object]
) -> None:
    """Waits until so much is free for a moment, or the time is over."""
    tell_next = time.monotonic()
    with _asked_for(least) as there:
        while (now := time.monotonic()) < deadline and not there(
            min(_LOOK_EVERY_S, deadline - now)
        ):
            if now >= tell_next:
                tell(
                    f"waiting for {_named(least)} on the cluster, which has {_named(free)} free: "
                    f"{deadline - now:.0f} s at most"
                )
                tell_next = now + _TELL_EVERY_S


@contextmanager
def _asked_for(least: Resources) -> Iterator[Callable[[float], bool]]:
    """Asks for resources as whoever works on a cluster does, so that an autoscaler brings them.

    Yields:
        What waits for them some seconds, and says whether they are there.
    """
    bundles = [{"CPU": 1.0}] * least.cpus + [{"GPU": 1.0}] * least.gpus
    group: Any = placement_group(bundles)
    try:
        yield lambda seconds: bool(group.wait(seconds))
    finally:
        with suppress(ray.exceptions.RayError, ConnectionError):  # the cluster may be gone
            remove_placement_group(group)


def _named(resources: Resources) -> str:
    gpus = f" and {plural(resources.gpus, 'GPU')}" if resources.gpus else ""
    return plural(max(resources.cpus, 0), "CPU") + gpus

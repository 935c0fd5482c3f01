"""Batches of a flow, made on Ray: in order, epoch after epoch, no faster than they are used."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from math import ceil
from typing import Final

import ray

from raydrift.augment.batches import Batch, BatchMaker, BatchTask
from raydrift.engine.data.flow_stage import FlowSource, FlowStage, batch_of
from raydrift.engine.data.pipeline import Pipeline, Stage, run_in_order
from raydrift.engine.plan import WORKERS, Plan, Role
from raydrift.engine.session import connect
from raydrift.errors import ResourcesError
from raydrift.log import log_event
from raydrift.settings.cluster import ClusterSettings
from raydrift.text import plural

CPUS: Final = 0.5
"""CPUs of a worker: a flow for validation works while the one for training waits."""

_IN_WORK: Final = 2  # batches a worker: the one that it makes, and one that waits for it
_OF_STORE: Final = 0.3  # the share of the object store that a flow's batches may take
_GIVE_BACK_S: Final = 3.0


@dataclass(frozen=True)
class FlowPlan:
    """How the batches of a flow are made on Ray.

    Attributes:
        workers: Processes that make batches; a float is a share of the CPUs that Ray has.
        ahead: Batches that may be done before they are used.
        batch_bytes: Bytes of one batch, about; 0: not known.
        cluster: Where Ray is.
    """

    workers: int | float
    ahead: int = 4
    batch_bytes: int = 0
    cluster: ClusterSettings = field(default_factory=ClusterSettings)


def batches_on_ray(
    maker: BatchMaker, tasks: Callable[[], Iterator[BatchTask]], plan: FlowPlan
) -> Generator[Batch]:
    """Makes batches on Ray, all in one pipeline however many epochs there are.

    Where Ray has no CPU free for another flow, this process makes the batches, which are the same.

    Args:
        maker: What makes them; it is sent to the workers, once.
        tasks: Gives the tasks, in order; it is sent to a process that asks for them as they are
            needed, so there may be no end of them.
        plan: How.

    Yields:
        The batches, in order. Their arrays may be read-only.

    Raises:
        ResourcesError: There is no Ray, or it cannot be started.
        PipelineError: A worker failed for good.
        Exception: What the maker raised.
    """
    connect(plan.cluster)
    workers = _workers(plan)
    if not workers:
        yield from map(maker.make, tasks())
        return
    role = Role(WORKERS, workers, cpus=CPUS)
    stages = (Stage(FlowStage, WORKERS, (maker,)),)
    verbose = plan.cluster.verbose
    ahead = _ahead(plan, workers)
    waiting = _IN_WORK * ahead
    pipeline = Pipeline(FlowSource(tasks), stages, Plan((role,)), verbose=verbose, waiting=waiting)
    with closing(run_in_order(pipeline, ahead)) as rows:
        for row in rows:
            yield batch_of(row)


def _ahead(plan: FlowPlan, workers: int) -> int:
    """Batches that may be begun before they are used: in work, and done."""
    ahead = plan.ahead + _IN_WORK * workers
    if plan.batch_bytes:
        store = ray.cluster_resources().get("object_store_memory", 0)
        ahead = min(ahead, int(_OF_STORE * store / plan.batch_bytes))
    return max(1, ahead)


def _workers(plan: FlowPlan) -> int:
    """As many workers as were asked for, or as have room; 0: none has."""
    cpus = ray.cluster_resources().get("CPU", 0.0)
    share = isinstance(plan.workers, float)
    asked = max(1, ceil(plan.workers * cpus)) if share else int(plan.workers)
    if cpus < CPUS:
        raise ResourcesError(
            "Ray has no CPUs: give the flow workers=0, which makes batches in this process, or "
            "connect to a larger cluster"
        )
    deadline = time.monotonic() + _GIVE_BACK_S
    while True:
        free = ray.available_resources().get("CPU", 0.0)
        room = int(free / CPUS)
        if room >= asked or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    if room < asked:
        found = plural(room, "worker") if room else "this process"
        text = f"Ray has {free:g} CPUs free: {found} make the batches of a flow that asks for "
        log_event(logging.WARNING, "flow", f"{text}{plural(asked, 'worker')}")
    return min(asked, room)

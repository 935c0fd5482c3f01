"""Shards through Ray Data's actor pools, one small row for each coming back."""

import warnings
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa
import ray
import ray.data

from raydrift import errors
from raydrift.embed.weights import Weights
from raydrift.engine.data.backpressure import limit_pixels
from raydrift.engine.data.failures import explain_failure
from raydrift.engine.data.measured import MeasureJob
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.shipping import (
    Packed,
    pack,
    pack_pipeline,
    unpacked,
    with_transforms,
    without_transforms,
)
from raydrift.engine.data.stages import DriftStage, EmbedStage, MeasureStage, PixelStage, shard_rows
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.plan import Plan
from raydrift.engine.session import data_context, is_client
from raydrift.errors import PipelineError, RaydriftError

# Endless by default. An image that kills its worker does so once: restarted, the worker decodes in
# a child process. The others are for a node that is lost, whose workers Ray asks in vain, every few
# seconds, until it notices.
_TASK_RETRIES = 100

# So many shards' tasks may wait for workers. Of Ray's two, 16 workers had something to do for 80 %
# of their time, since its loop fetches what is there and then has other things to do.
_SHARDS_AHEAD = 512


Rows = Generator[dict[str, Any], None, None]


@dataclass(frozen=True)
class PipelineJob:
    """All that a pipeline is made from.

    Attributes:
        shard_job: What its workers are told.
        plan: How it is spread.
        weights: The network's weights; None: nothing is embedded.
        measure_job: What is measured of originals and their drifted copies, instead of writing
            shards; None: shards are written.
        verbose: Whether Ray shows its own progress.
        stage: What drifts and commits a shard; a benchmark has one that sleeps.
        embed_stage: What embeds and commits a shard that others drifted; likewise.
    """

    shard_job: ShardJob
    plan: Plan
    weights: Weights | None
    measure_job: MeasureJob | None
    verbose: bool
    stage: Callable[..., Any] = DriftStage
    embed_stage: Callable[..., Any] = EmbedStage


def run_pipeline(job: PipelineJob, tasks: ShardTasks) -> Rows:
    """Runs shards and yields a row for each as it is done.

    Through ``ray://`` an actor on the cluster drives the pipeline: Ray Data can't run in a client.

    Raises:
        RaydriftError: What a worker could not go on after.
    """
    # Closed here and now: an error's traceback, which a notebook keeps, would hold it for longer.
    with closing(_hosted_rows(job, tasks) if is_client() else _rows(job, tasks)) as rows:
        for row in rows:
            if row["failure"]:
                kind = getattr(errors, row["failure"], PipelineError)
                raise kind(row["message"])
            yield row


def _rows(job: PipelineJob, tasks: ShardTasks) -> Rows:
    with data_context(job.verbose) as context:
        if job.plan.embedders and job.measure_job is None:
            limit_pixels(context, tasks.size * job.shard_job.settings.image.bytes)
        try:
            yield from _results(_dataset(job, tasks))
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise PipelineError(explain_failure(error)) from error


def _results(dataset: ray.data.Dataset) -> Rows:
    """What `iter_batches` does, but that waits on a lock, which Ctrl-C does not always interrupt.

    `iter_internal_ref_bundles` polls as well, but leaves workers at work where it is closed early.
    """
    bundles, _, executor = dataset._execute_to_iterator()
    try:
        if executor is not None:
            executor.set_external_consumer_bytes(0)  # nothing is held here: the last stage may wait
        for bundle in bundles:
            for table in cast(list[pa.Table], ray.get(bundle.block_refs)):
                yield from table.to_pylist()
    finally:
        if executor is not None:
            executor.shutdown(force=True)


def _dataset(job: PipelineJob, tasks: ShardTasks) -> ray.data.Dataset:
    job = with_transforms(job)
    return _stages(job, _source(without_transforms(tasks)))


def _stages(job: PipelineJob, dataset: ray.data.Dataset) -> ray.data.Dataset:
    plan, sent = job.plan, ray.put(pack(job.shard_job))
    weights = ray.put(job.weights) if job.weights is not None else None
    workers, gpus = _pool(plan.workers, plan.max_workers), 1 if plan.on_gpu else 0
    embedders = _pool(plan.embedders, plan.max_embedders) if plan.embedders else workers
    if job.measure_job is not None:
        arguments = (sent, ray.put(job.measure_job), weights, plan.on_gpu)
        pool = embedders if plan.on_gpu else workers
        return _stage(dataset, MeasureStage, pool, arguments, gpus=gpus)
    if not plan.embedders:
        return _stage(dataset, job.stage, workers, (sent, weights, False))
    dataset = _stage(dataset, PixelStage, workers, (sent,))
    return _stage(dataset, job.embed_stage, embedders, (sent, weights, plan.on_gpu), gpus=gpus)


def _pool(actors: int, most: int | None) -> ray.data.ActorPoolStrategy:
    """Some actors; Ray Data adds others as it finds, every 20 s, that CPUs or GPUs have joined.

    It does so where those that are there have two shards each, one of them waiting.
    """
    return ray.data.ActorPoolStrategy(
        min_size=actors, max_size=max(actors, most or 0), max_tasks_in_flight_per_actor=2
    )


def _source(tasks: ShardTasks) -> ray.data.Dataset:
    """The shards, each a block of one row, made by a process of their own as they are needed.

    As blocks that are there from the start they would cost the driver 65 kB and 2.6 ms each. The
    process takes no CPU: a pool of actors on all of them would wait for it for ever.
    """
    start: ray.data.Dataset = ray.data.from_blocks([pa.table({"shards": [len(tasks)]})])
    rows: Callable[..., Any] = shard_rows
    return _map(
        start,
        rows,
        fn_args=(ray.put(tasks),),
        batch_size=None,
        num_cpus=0,
        _generator_backpressure_num_objects=2 * _SHARDS_AHEAD,  # a block is two
    )


def _stage(
    dataset: ray.data.Dataset,
    stage: Callable[..., Any],
    pool: ray.data.ActorPoolStrategy,
    arguments: tuple[Any, ...],
    gpus: int = 0,
) -> ray.data.Dataset:
    return _map(
        dataset,
        stage,
        fn_constructor_args=arguments,
        batch_size=1,
        zero_copy_batch=True,
        compute=pool,
        num_cpus=0 if gpus else 1,
        num_gpus=gpus,
        max_task_retries=_TASK_RETRIES,
    )


def _map(dataset: ray.data.Dataset, work: Callable[..., Any], **options: Any) -> ray.data.Dataset:
    with warnings.catch_warnings():
        # The only way to limit retries and waiting tasks; its successor is not in Ray yet.
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        return dataset.map_batches(work, batch_format="pyarrow", **options)


class PipelineHost:
    """Drives a pipeline from inside the cluster, for a driver that is outside."""

    def __init__(self, job: Packed, tasks: ShardTasks) -> None:
        self._rows = _rows(unpacked(job), tasks)

    def next(self) -> dict[str, Any] | None:
        """The next row; None after the last."""
        try:
            return next(self._rows, None)
        except RaydriftError as error:
            return {"failure": type(error).__name__, "message": str(error)}


def _hosted_rows(job: PipelineJob, tasks: ShardTasks) -> Rows:
    sent = ray.put(pack_pipeline(with_transforms(job))), ray.put(without_transforms(tasks))
    host: Any = ray.remote(num_cpus=0)(PipelineHost).remote(*sent)
    try:
        while (row := ray.get(host.next.remote())) is not None:
            yield row
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise PipelineError(explain_failure(error)) from error
    finally:
        with suppress(ray.exceptions.RayError, ConnectionError):  # the cluster may be gone
            ray.kill(host)

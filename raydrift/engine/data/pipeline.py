"""A pipeline over Ray Data: a source of shards, stages that pass them on, and what comes out.

Where it ends is its last stage's choice. A stage that commits its shards returns a ledger row of
each, one that measures returns the measures, one that hands out batches returns their pixels: the
first two are taken as they are done, batches in order and no faster than they are used.
"""

import atexit
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa
import ray
import ray.data

from raydrift import errors
from raydrift.engine.data.backpressure import Taken, limit_ahead, limit_pixels
from raydrift.engine.data.failures import FAILURE, MESSAGE, explain_failure, failure_row
from raydrift.engine.data.rows import as_row
from raydrift.engine.data.shipping import pack, unpacked
from raydrift.engine.plan import Plan, Role
from raydrift.engine.ray_private import OBJECTS_AHEAD, executed
from raydrift.engine.session import data_context, is_client, quiet_data
from raydrift.errors import PipelineError, RaydriftError

# Endless by default. An image that kills its worker does so once: restarted, the worker decodes in
# a child process. The others are for a node that is lost, whose workers Ray asks in vain, every few
# seconds, until it notices.
_TASK_RETRIES: Final = 100

# So many shards' tasks may wait for workers. Of Ray's two, 16 workers had something to do for 80 %
# of their time, since its loop fetches what is there and then has other things to do.
_SHARDS_AHEAD: Final = 512

Tables = Generator[pa.Table]


class ShardSource(Protocol):
    """The tasks of some shards, each made when it is asked for; it can be pickled."""

    def __iter__(self) -> Iterator[pa.Table]:
        """A table for each shard."""


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Attributes:
        actor: A class; its instances take a shard's row and return one.
        role: The role of the plan: whose processes they are.
        arguments: The arguments of the class. They go through the object store, once: the class is
            given references, of which ``shipping.fetched`` makes the values. Ray writes the
            arguments themselves into its logs.
        threads: The shards that an instance takes at once, each in a thread.
    """

    actor: Callable[..., Any]
    role: str
    arguments: tuple[Any, ...] = ()
    threads: int = 1


@dataclass(frozen=True)
class Pipeline:
    """All that a pipeline is made from.

    Attributes:
        source: The shards.
        stages: One after the other.
        plan: How the stages are spread.
        passed_bytes: The passed bytes of a shard's pixels between the last two stages; 0: none are
            passed on.
        verbose: Whether Ray shows its own progress.
        waiting: Shards whose tasks may wait for workers. A task costs its source 18 ms: where
            there is no end of them, a few are enough.
    """

    source: ShardSource
    stages: tuple[Stage, ...]
    plan: Plan
    passed_bytes: int = 0
    verbose: bool = False
    waiting: int = _SHARDS_AHEAD


def run_pipeline(pipeline: Pipeline) -> Generator[dict[str, Any]]:
    """Runs shards, and yields the row that comes out of each as it is done.

    Raises:
        RaydriftError: What a worker could not go on after.
    """
    # Closed here and now: an error's traceback, which a notebook keeps, would hold it for longer.
    with closing(_results(pipeline, None)) as tables:
        for table in tables:
            yield from table.to_pylist()


def run_in_order(pipeline: Pipeline, ahead: int) -> Tables:
    """Runs shards, and yields the table that comes out of each, in the order of the source.

    Args:
        pipeline: Its last stage's tables are what is yielded.
        ahead: Shards that may be begun before the consumer takes them; more would fill the object
            store where it is slow.

    Raises:
        RaydriftError: What a worker could not go on after.
    """
    with closing(_results(pipeline, ahead)) as tables, _closed_before_ray(tables):
        yield from tables


@contextmanager
def _closed_before_ray(tables: Tables) -> Iterator[None]:
    """Closes a pipeline that is still open when the process ends, before Ray's own end.

    What is closed later would start Ray again.
    """

    def close() -> None:
        with suppress(ValueError):  # another thread is at work in it
            tables.close()

    atexit.register(close)
    try:
        yield
    finally:
        atexit.unregister(close)


def _results(pipeline: Pipeline, ahead: int | None) -> Tables:
    """What comes out of the last stage; a failure in the place of a table is raised.

    Through ``ray://`` an actor on the cluster drives the pipeline: Ray Data can't run in a client.
    """
    run = _hosted if is_client() else _executed
    with closing(run(pipeline, ahead)) as tables:
        for table in tables:
            if FAILURE in table.column_names and (failed := table[FAILURE][0].as_py()):
                kind = getattr(errors, failed, PipelineError)
                raise kind(table[MESSAGE][0].as_py())
            yield table


def _executed(pipeline: Pipeline, ahead: int | None) -> Tables:
    taken = Taken()
    with quiet_data(pipeline.verbose), ExitStack() as stack:
        try:
            with data_context(pipeline.verbose) as context:
                if pipeline.passed_bytes:
                    limit_pixels(context, pipeline.passed_bytes)
                if ahead is not None:
                    context.execution_options.preserve_order = True
                    limit_ahead(context, ahead, taken)
                tables = stack.enter_context(executed(_dataset(pipeline)))
            for table in tables:
                taken.count += 1
                try:
                    yield table
                except GeneratorExit:  # the consumer stops early
                    if ahead is not None:
                        taken.stop()
                    raise
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise PipelineError(explain_failure(error)) from error


def _dataset(pipeline: Pipeline) -> ray.data.Dataset:
    dataset = _source(pipeline.source, pipeline.waiting)
    for stage in pipeline.stages:
        dataset = _map(
            dataset,
            stage.actor,
            fn_constructor_args=tuple(map(_reference, stage.arguments)),
            batch_size=1,
            zero_copy_batch=True,
            max_task_retries=_TASK_RETRIES,
            **_resources(pipeline.plan[stage.role], stage.threads),
        )
    return dataset


def _reference(argument: Any) -> Any:
    return None if argument is None else ray.put(pack(argument))


def _resources(role: Role, threads: int) -> dict[str, Any]:
    """A role as Ray Data takes it.

    It adds actors as it finds, every 20 s, that CPUs or GPUs have joined, where those that are
    there have a shard in each thread, and one that waits.
    """
    most = max(role.processes, role.most or 0)
    pool = ray.data.ActorPoolStrategy(
        min_size=role.processes,
        max_size=most,
        max_tasks_in_flight_per_actor=threads + 1,
        max_concurrent_calls_per_actor=threads,
        enable_true_multi_threading=threads > 1,
    )
    return {"compute": pool, "num_cpus": role.cpus, "num_gpus": role.gpus}


def _source(shards: ShardSource, waiting: int) -> ray.data.Dataset:
    """The shards, each a block of one row, made by a process of their own as they are needed.

    As blocks that are there from the start they would cost the driver 65 kB and 2.6 ms each. The
    process takes no CPU: a pool of actors on all of them would wait for it for ever.
    """
    start: ray.data.Dataset = ray.data.from_blocks([pa.table({"sources": [1]})])
    return _map(
        start,
        _shard_rows,
        fn_args=(ray.put(shards),),
        batch_size=None,
        num_cpus=0,
        **{OBJECTS_AHEAD: 2 * waiting},  # a block is two
    )


def _shard_rows(_: pa.Table, shards: "ray.ObjectRef[Iterable[pa.Table]]") -> Iterator[pa.Table]:
    """Every shard's tasks, as a row each."""
    for table in ray.get(shards):
        yield as_row(table)


def _map(dataset: ray.data.Dataset, work: Callable[..., Any], **options: Any) -> ray.data.Dataset:
    with warnings.catch_warnings():
        # The only way to limit retries and waiting tasks; its successor is not in Ray yet.
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        return dataset.map_batches(work, batch_format="pyarrow", **options)


class PipelineHost:
    """Drives a pipeline from inside the cluster, for a driver that is outside."""

    def __init__(self, pipeline: Any, ahead: int | None) -> None:
        self._tables = _executed(unpacked(pipeline), ahead)  # Ray has fetched it

    def next(self) -> pa.Table | None:
        """What comes out next; None after the last."""
        try:
            return next(self._tables, None)
        except RaydriftError as error:
            return failure_row(error)


def _hosted(pipeline: Pipeline, ahead: int | None) -> Tables:
    host: Any = ray.remote(num_cpus=0)(PipelineHost).remote(ray.put(pack(pipeline)), ahead)
    try:
        while (table := ray.get(host.next.remote())) is not None:
            yield table
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise PipelineError(explain_failure(error)) from error
    finally:
        with suppress(ray.exceptions.RayError, ConnectionError):  # the cluster may be gone
            ray.kill(host)

"""``raydrift finalize``: merge the shards of a run."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.log import Log, note_writer, start_log
from raydrift.cli.options import Address, Container, ContainerBytes, Verbose

if TYPE_CHECKING:
    from raydrift.settings.cluster import ClusterSettings
    from raydrift.storage.parallel_map import ParallelMap
    from raydrift.storage.record import JobRecord
    from raydrift.storage.shards import LedgerRow


def finalize(
    output: Annotated[
        str | None, typer.Argument(help="Output folder of 'raydrift generate'.")
    ] = None,
    container: Container = None,
    container_bytes: ContainerBytes = None,
    keep_shards: Annotated[
        bool | None, typer.Option("--keep-shards", help="Keep _shards/ after the merge.")
    ] = None,
    accept_rejected: Annotated[
        bool,
        typer.Option(
            "--accept-rejected",
            help="Finish without the images that could not be used or read, however many.",
        ),
    ] = False,
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE.toml", help="Whose output and storage_options are used."),
    ] = None,
    address: Address = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Merge a run's shards into a container and the tables; with --address on all nodes together.

    A finished run whose shards were kept is put into another container, if one is named.
    """
    import time

    from raydrift.cli.files import check_lasting
    from raydrift.cli.generate import print_result
    from raydrift.cli.settings import output_settings
    from raydrift.engine.jobs.job_log import JobLog
    from raydrift.paths import StoragePath
    from raydrift.storage.finalize import finalize as merge
    from raydrift.storage.finishers.chosen import finisher_asked, finisher_of
    from raydrift.storage.lock import OutputLock
    from raydrift.storage.output import failing_as_output
    from raydrift.storage.record import require_record

    json, start = start_log(log, verbose), time.monotonic()
    flags = {
        "output": output,
        "write": {"keep_shards": keep_shards},
        "cluster": {"address": address, "verbose": verbose},
    }
    settings = output_settings(config, flags)
    check_lasting(settings.output)
    place = StoragePath.of(settings.output, settings.options_of("output"))
    known = require_record(place)  # before a lock is put into the folder
    finisher = finisher_asked(known, container, container_bytes)
    done = known.status == "complete" and finisher == finisher_of(known)
    events = JobLog(known, place)
    with (
        _cluster(settings.cluster, known, done, json) as (parallel_map, on_shard),
        failing_as_output(place),
        OutputLock(place, tell=note_writer(json)) as lock,
        events.ending(),
    ):
        if not done:
            events.merge()
        record = merge(
            place,
            finisher=finisher,
            keep_shards=settings.write.keep_shards,
            accept_rejected=accept_rejected,
            on_shard=on_shard,
            check=lock.check,
            parallel_map=parallel_map,
        )
        events.end(record, time.monotonic() - start)
    print_result(record, place, None if done else time.monotonic() - start)


@contextmanager
def _cluster(
    cluster: "ClusterSettings", record: "JobRecord", done: bool, quiet: bool
) -> "Iterator[tuple[ParallelMap, Callable[[LedgerRow], None] | None]]":
    """Who writes, and who is told of each shard: all nodes of a cluster, and its metrics.

    Ray is not started for it, and nobody waits for a cluster where nothing is left to do.
    """
    from raydrift.storage.parallel_map import in_threads

    asked = cluster.address or os.environ.get("RAY_ADDRESS")
    if not asked or done:
        yield in_threads, None
        return
    from raydrift.engine.cluster_map import cluster_map
    from raydrift.engine.jobs.telemetry import telemetry
    from raydrift.engine.plan import WORKERS, Demand
    from raydrift.engine.session import connect
    from raydrift.engine.waiting import plan_when_free

    connect(cluster)
    # Nodes that have gone since the shards were made come back for whoever waits for one.
    plan_when_free(cluster, lambda _: [Demand(WORKERS)], record.shards, quiet)
    with telemetry(record, record.samples) as telemetry_:
        yield cluster_map(), telemetry_.merge

"""The pipeline with a stage that sleeps for as long as a shard takes: what is left is scheduling.

python -m raydrift.bench.sleeping '{"workers": 64, "shards": 640, …}'
"""

import json
import os
import socket
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from raydrift.bench.memory import Watch
from raydrift.bench.steady import Span, steady_state
from raydrift.catalog import Catalog
from raydrift.engine.data.pipeline import PipelineJob, run_pipeline
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.stages import fetched
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.plan import Plan
from raydrift.engine.session import connect
from raydrift.errors import PipelineError
from raydrift.paths import StoragePath
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.shards import LedgerRow

# Ray ends a worker process that does not report for duty in time; many start at once here.
_PATIENCE: Final = {"RAY_worker_register_timeout_seconds": "600"}
_WAIT_S: Final = 0.05


@dataclass(frozen=True)
class Sleep:
    """What is to be slept.

    Attributes:
        workers: Processes that sleep, each with a logical CPU of its own.
        shards: How many in all.
        shard_size: Images a shard.
        milliseconds: An image.
    """

    workers: int
    shards: int
    shard_size: int
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class SleepJob(ShardJob):
    """What every sleeping worker is told.

    Attributes:
        milliseconds: An image.
        workers: How many there are.
        ready: A folder where each says that it is there.
    """

    milliseconds: float
    workers: int
    ready: str


class SleepStage:
    """Sleeps for a shard in the place of ``DriftStage``, and returns its ledger row.

    Nobody begins before all are there: the first to come would else have done most of the work by
    the time the last is.
    """

    def __init__(self, job: Any, weights: object, on_gpu: bool) -> None:
        del weights, on_gpu
        self._job: SleepJob = fetched(job)
        Path(self._job.ready, str(os.getpid())).touch()

    def __call__(self, row: pa.Table) -> pa.Table:
        """Takes a shard's row; returns one as ``DriftStage`` does."""
        while len(os.listdir(self._job.ready)) < self._job.workers:
            time.sleep(_WAIT_S)
        samples = table_of(row)
        started = time.time()
        time.sleep(samples.num_rows * self._job.milliseconds / 1000)
        slept = LedgerRow(
            shard=samples["shard"][0].as_py(),
            fingerprint="",
            asked=samples.num_rows,
            written=samples.num_rows,
            rejected=0,
            unread=0,
            image_bytes=0,
            size=0,
            names_size=0,
            crc32=0,
            worker=f"{socket.gethostname()}:{os.getpid()}",
            started=started,
            drift_seconds=time.time() - started,
        )
        return pa.Table.from_pylist([asdict(slept) | {"failure": "", "message": ""}])


def sleep_through(sleep: Sleep) -> dict[str, Any]:
    """Starts Ray with as many logical CPUs as workers, and runs the product's pipeline in it.

    Returns:
        The fraction of the workers' time that was slept (``busy``), and what was seen meanwhile.

    Raises:
        PipelineError: A worker was lost, or had too little to do.
    """
    begin = time.time()
    connect(ClusterSettings(address="local"), cpus=sleep.workers)
    catalog = _catalog(sleep.shards * sleep.shard_size)
    settings = GenerateSettings("input", "output")
    tasks = ShardTasks(settings, catalog, len(catalog), sleep.shard_size, np.arange(sleep.shards))
    with tempfile.TemporaryDirectory(prefix="raydrift-bench-") as ready, Watch() as watch:
        sleep_job = SleepJob(
            settings,
            catalog.root,
            catalog.root,
            "",
            {},
            milliseconds=sleep.milliseconds,
            workers=sleep.workers,
            ready=ready,
        )
        plan = Plan(sleep.workers, embedders=0, on_gpu=False)
        job = PipelineJob(sleep_job, plan, None, measure_job=None, verbose=False, stage=SleepStage)
        with closing(run_pipeline(job, tasks)) as found:
            rows = [LedgerRow.from_dict(row) for row in found]
    spans = [
        Span(row.worker, row.asked, row.started, row.started + row.drift_seconds) for row in rows
    ]
    steady = steady_state(spans, sleep.workers)
    if steady is None:
        raise PipelineError(
            f"not every one of {sleep.workers} workers was given two of the {sleep.shards} shards"
        )
    cores = watch.cores(steady.begin, steady.end)
    worker = watch.peaks.get("worker")
    return {
        "busy": steady.busy,
        "start_up_seconds": min(row.started for row in rows) - begin,
        "shards_per_second": steady.images_per_second / sleep.shard_size,
        "driver_cores": cores[0] if cores else None,
        "machine_cores": cores[1] if cores else None,
        "worker_private_bytes": worker.private if worker else None,
    }


def _catalog(images: int) -> Catalog:
    """A listing of files that nobody reads."""
    paths = pa.array([f"class/{i:012d}.jpg" for i in range(images)], pa.large_string())
    classes, ones = np.zeros(images, np.int32), np.ones(images, np.int64)
    table = pa.table({"path": paths, "class_index": classes, "size": ones, "modified": ones})
    return Catalog(StoragePath.of("input"), table, ("class",), {"class": 0})


if __name__ == "__main__":
    os.environ.update(_PATIENCE)
    print(json.dumps(sleep_through(Sleep(**json.loads(sys.argv[1])))))

"""A run with a small object store and a stage that sleeps, and what it took, as JSON.

python slow_stages.py PHOTOS OUTPUT embedder|writer
"""

import json
import os
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import raydrift.engine  # noqa: F401  (sets what has to be set before Ray is imported)

import numpy as np  # isort: skip
import pyarrow as pa
import ray
from ray._private.internal_api import get_memory_info_reply, get_state_from_address

from raydrift.bench.inputs import load_repeated
from raydrift.bench.memory import Watch
from raydrift.engine.data.pipeline import PipelineJob, run_pipeline
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.stages import DriftStage, EmbedStage
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.plan import Plan
from raydrift.paths import StoragePath
from raydrift.settings import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.record import installed_versions

SAMPLES, SHARD = 1280, 128
STORE = 160 * 2**20
SLEEP_S = 1.5
EVERY_S = 0.2


class SlowEmbedStage(EmbedStage):
    """Takes its time, and leaves the embedding out."""

    def __init__(self, job: Any, weights: Any, on_gpu: bool) -> None:
        super().__init__(job, weights, on_gpu)
        self._embedder = None  # type: ignore[assignment]

    def __call__(self, row: pa.Table) -> pa.Table:
        time.sleep(SLEEP_S)
        return super().__call__(row)


class SlowWriteStage(DriftStage):
    """Takes its time before it writes."""

    def __call__(self, row: pa.Table) -> pa.Table:
        time.sleep(SLEEP_S)
        return super().__call__(row)


def resident_bytes() -> int:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class StoreWatch(threading.Thread):
    """The object store and the driver's memory, looked at until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._state = get_state_from_address(ray.get_runtime_context().gcs_address)
        self._stopped = threading.Event()
        self.stored: list[int] = []
        self.driver: list[int] = []

    def run(self) -> None:
        while not self._stopped.wait(EVERY_S):
            self.stored.append(self.store().object_store_bytes_used)
            self.driver.append(resident_bytes())

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def store(self) -> Any:
        return get_memory_info_reply(self._state).store_stats


def main(photos: str, output: str, slow: str) -> None:
    workers, embedders = (3, 1) if slow == "embedder" else (4, 0)
    ray.init(
        address="local",
        num_cpus=workers + embedders,
        object_store_memory=STORE,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    settings = GenerateSettings(input=photos, output=output)
    catalog = replace(load_repeated(photos, SAMPLES), columns=None)
    place = StoragePath.of(output)
    (place / layout.SHARDS).create()
    job = PipelineJob(
        ShardJob(settings, catalog.root, place, "slow", installed_versions()),
        Plan(workers, embedders, on_gpu=False),
        None,
        measure_job=None,
        verbose=False,
        stage=SlowWriteStage,
        embed_stage=SlowEmbedStage,
    )
    tasks = ShardTasks(settings, catalog, SAMPLES, SHARD, np.arange(SAMPLES // SHARD))
    watch = StoreWatch()
    watch.start()
    with Watch() as memory, closing(run_pipeline(job, tasks)) as rows:
        shards = sorted(row["shard"] for row in rows)
    watch.stop()
    print(
        json.dumps(
            {
                "shards": shards,
                "peak": max(watch.stored),
                "spilled": watch.store().spilled_bytes_total,
                "worker": memory.peaks["worker"].private,
                "grown": max(watch.driver) - watch.driver[len(watch.driver) // 2],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What the actors of a measurement do: each call embeds a batch as it is, and drifted."""

import pickle
import socket
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from isal import isal_zlib

from raydrift.drift.platform import pixel_platform
from raydrift.embed.weights import Weights
from raydrift.engine.data.committing import committed, new_row
from raydrift.engine.data.drifter import Drifter, Originals
from raydrift.engine.data.failures import FAILURE, MESSAGE, failure_row
from raydrift.engine.data.lazy_embedder import LazyEmbedder
from raydrift.engine.data.lazy_task import LazyTask
from raydrift.engine.data.measured import LevelBatch, MeasureJob
from raydrift.engine.data.pipeline import Stage
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shard_work import ShardJob, put_drifted
from raydrift.engine.data.shipping import fetched, with_transforms
from raydrift.engine.plan import EMBEDDERS, WORKERS, Plan
from raydrift.errors import RaydriftError
from raydrift.images.pixels import RGB, Array
from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow, commit, write_samples
from raydrift.tasks.answers import AnyAnswers
from raydrift.tasks.task import Task


def measure_stages(
    actor: "type[MeasureStage]",
    job: ShardJob,
    measured: MeasureJob,
    plan: Plan,
    weights: Weights,
    task: Task | None = None,
) -> tuple[Stage, ...]:
    """The one stage that measures; embedders do all of the work where they have GPUs.

    Args:
        actor: ``CommitMeasures`` or ``SendMeasures``.
        job: What workers are told.
        measured: What they measure.
        plan: With embedders on GPUs, or with workers alone.
        weights: The weights of the network.
        task: What is asked of the user's model; None: nothing.
    """
    job = with_transforms(job, measured.schedules)
    on_gpu = plan.has_gpus(EMBEDDERS)
    role = EMBEDDERS if on_gpu else WORKERS
    return (Stage(actor, role, (job, measured, weights, on_gpu, task)),)


@dataclass(frozen=True)
class _Embedded:
    """A batch, and what the ledger tells of its making."""

    batch: LevelBatch
    originals: Originals
    drift_seconds: float
    embed_seconds: float


class MeasureStage(ABC):
    """Embeds each image of a batch as it is, and drifted by each schedule; then measures.

    With a task, the user's model is asked about the same pixels.

    The copies of one schedule are made and embedded before those of the next: however many there
    are, a worker holds the pixels of the originals and of one.
    """

    def __init__(self, job: Any, measured: Any, weights: Any, on_gpu: Any, task: Any) -> None:
        self._job: ShardJob = fetched(job)
        self._measured: MeasureJob = fetched(measured)
        self._drifter = Drifter(self._job)
        schedules = self._measured.schedules
        self._jobs = [replace(self._job, schedule=schedule) for schedule in schedules]
        gpu = fetched(on_gpu)
        self._task = None if task is None else LazyTask(self._job, task, gpu)
        beside = None if self._task is None else self._task.platform
        self._embedder = LazyEmbedder(self._job, weights, gpu, beside)

    def __call__(self, row: pa.Table) -> pa.Table:
        tasks = table_of(row)
        try:
            embedded, clock = self._embed(tasks), time.perf_counter()
            result = self._measured.measure(embedded.batch)
        except RaydriftError as error:
            return failure_row(error)
        seconds = embedded.embed_seconds + time.perf_counter() - clock
        return self._take(tasks, replace(embedded, embed_seconds=seconds), result)

    @abstractmethod
    def _take(self, tasks: pa.Table, embedded: _Embedded, result: Any) -> pa.Table:
        """Brings what was measured where it belongs; returns the row for the driver."""

    def _embed(self, tasks: pa.Table) -> _Embedded:
        started = time.time()
        images = self._drifter.originals(tasks, "the network")
        used = tasks.take(pa.array(images.rows, pa.int64()))
        sample_ids, labels = used["sample_id"].to_pylist(), used["label"].to_pylist()
        embedded, embed_seconds = self._embedder(images.pixels)
        clock = time.perf_counter()
        answers = self._asked(images.pixels, labels, images.masks)
        embed_seconds += time.perf_counter() - clock
        drift_seconds = images.decode_seconds
        copies, drifted = np.empty_like(images.pixels), []
        masks = None if images.masks is None else np.empty_like(images.masks)
        for job in self._jobs:
            clock = time.perf_counter()
            put_drifted(job, used, images.samples, copies, masks)
            drift_seconds += time.perf_counter() - clock
            clock = time.perf_counter()
            drifted.append(self._embedder(copies)[0])
            answers += self._asked(copies, labels, masks)
            embed_seconds += time.perf_counter() - clock
        batch = LevelBatch(
            tasks["shard"][0].as_py(),
            tuple(sample_ids),
            tuple(labels),
            tuple(used["class_name"].to_pylist()),
            embedded,
            tuple(drifted),
            images.rejected,
            images.remarks,
            started,
            tuple(answers),
        )
        return _Embedded(batch, images, drift_seconds, embed_seconds)

    def _asked(self, pixels: RGB, labels: list[int], masks: Array | None) -> list[AnyAnswers]:
        """What the user's model says of some images, if there is one."""
        return [] if self._task is None else [self._task(pixels, labels, masks)]


class SendMeasures(MeasureStage):
    """Sends what was measured to the driver; nothing is written."""

    def _take(self, _tasks: pa.Table, _embedded: _Embedded, result: Any) -> pa.Table:
        made_on = {"pixels": pixel_platform(), "embeddings": self._embedder.platform}
        row = {"result": pickle.dumps(result), "host": socket.gethostname(), "made_on": made_on}
        return pa.Table.from_pylist([row | {FAILURE: "", MESSAGE: ""}])


class CommitMeasures(MeasureStage):
    """Commits what was measured, a table, as a shard of its job."""

    def _take(self, tasks: pa.Table, embedded: _Embedded, result: pa.Table) -> pa.Table:
        return committed(self._job.output, lambda: self._commit(tasks, embedded, result))

    def _commit(self, tasks: pa.Table, embedded: _Embedded, result: pa.Table) -> LedgerRow:
        batch, originals, clock = embedded.batch, embedded.originals, time.perf_counter()
        attempt = layout.new_attempt()
        size, crc32 = write_samples(self._job.output, batch.batch, attempt, result.schema, [result])
        row = new_row(
            batch.batch,
            self._job.fingerprint,
            batch.rejected,
            attempt=attempt,
            asked=tasks.num_rows,
            written=len(batch.sample_ids),
            interrupted=originals.interrupted,
            content_bytes=0,
            names_size=0,
            size=size,
            crc32=crc32,
            remarks=batch.remarks,
            pixels_on=pixel_platform(),
            embedded_on=self._embedder.platform,
            listing=isal_zlib.crc32(tasks["file_state"].to_numpy()),
            started=batch.started,
            read_seconds=originals.read_seconds,
            drift_seconds=embedded.drift_seconds,
            embed_seconds=embedded.embed_seconds,
            write_seconds=time.perf_counter() - clock,
        )
        commit(self._job.output, row, batch.rejected)
        return row

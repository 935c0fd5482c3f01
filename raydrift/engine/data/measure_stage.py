"""What the actors of a measurement do: each call embeds the copies of a batch, and measures."""

import pickle
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
from isal import isal_zlib

from raydrift.drift.platform import pixel_platform
from raydrift.embed.weights import Weights
from raydrift.engine.data.committing import committed, new_row
from raydrift.engine.data.copies import Copies, DriftedCopies, Embedded, ViewCopies
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.failures import FAILURE, MESSAGE, failure_row
from raydrift.engine.data.kept_drifts import KeepDriftsJob, KeptDrifts
from raydrift.engine.data.kept_images import KeepImagesJob, KeptImages
from raydrift.engine.data.kept_pictures import KeepViewsJob, KeptPictures
from raydrift.engine.data.lazy_embedder import LazyEmbedder
from raydrift.engine.data.lazy_task import LazyTask
from raydrift.engine.data.measured import MeasureJob, MeasureViewsJob
from raydrift.engine.data.pipeline import Stage
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.shipping import fetched, with_transforms
from raydrift.engine.plan import EMBEDDERS, WORKERS, Plan
from raydrift.errors import RaydriftError
from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow, commit, write_samples
from raydrift.tasks.task import Task


def measure_stages(
    actor: "type[MeasureStage]",
    job: ShardJob,
    measured: MeasureJob | MeasureViewsJob,
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
    if isinstance(measured, MeasureJob):
        job = with_transforms(job, measured.schedules)
    on_gpu = plan.has_gpus(EMBEDDERS)
    role = EMBEDDERS if on_gpu else WORKERS
    return (Stage(actor, role, (job, measured, weights, on_gpu, task)),)


class MeasureStage(ABC):
    """Embeds the copies of a batch's images, and measures.

    Which copies those are, is what it is told: drifted ones, or views.
    """

    def __init__(self, job: Any, measured: Any, weights: Any, on_gpu: Any, task: Any) -> None:
        self._job: ShardJob = fetched(job)
        told: MeasureJob | MeasureViewsJob = fetched(measured)
        drifter, gpu = Drifter(self._job), fetched(on_gpu)
        asked = None if task is None else LazyTask(self._job, task, gpu)
        beside = None if asked is None else asked.platform
        self._embedder = LazyEmbedder(self._job, weights, gpu, beside)
        self._measure: Callable[[Any], Any] = told.measure  # of what its copies are
        self._copies: Copies
        if isinstance(told, KeepDriftsJob):
            self._copies = _kept(self._job, told, drifter)
        elif isinstance(told, KeepImagesJob):
            self._copies = KeptImages(self._job, told, drifter)
        elif isinstance(told, KeepViewsJob):
            self._copies = KeptPictures(self._job, told, drifter, self._embedder)
        elif isinstance(told, MeasureViewsJob):
            how = (self._job, told.views, told.compat, told.corruptions)
            self._copies = ViewCopies(*how, drifter, self._embedder)
        else:
            self._copies = DriftedCopies(self._job, told.schedules, drifter, self._embedder, asked)

    def __call__(self, row: pa.Table) -> pa.Table:
        tasks = table_of(row)
        try:
            embedded, clock = self._copies(tasks), time.perf_counter()
            result = self._measure(embedded.batch)
        except RaydriftError as error:
            return failure_row(error)
        seconds = embedded.embed_seconds + time.perf_counter() - clock
        return self._take(tasks, replace(embedded, embed_seconds=seconds), result)

    @abstractmethod
    def _take(self, tasks: pa.Table, embedded: Embedded, result: Any) -> pa.Table:
        """Brings what was measured where it belongs; returns the row for the driver."""


def _kept(job: ShardJob, told: KeepDriftsJob, drifter: Drifter) -> Copies:
    """What keeps images as they are, and drifted."""
    if job.settings.raw is None:
        return KeptDrifts(job, told, drifter)
    from raydrift.engine.data.kept_sensed import KeptSensed  # photographs do without

    return KeptSensed(job, told, drifter)


class SendMeasures(MeasureStage):
    """Sends what was measured to the driver; nothing is written."""

    def _take(self, _tasks: pa.Table, _embedded: Embedded, result: Any) -> pa.Table:
        made_on = {"pixels": pixel_platform(), "embeddings": self._embedder.platform}
        row = {"result": pickle.dumps(result), "host": socket.gethostname(), "made_on": made_on}
        return pa.Table.from_pylist([row | {FAILURE: "", MESSAGE: ""}])


class CommitMeasures(MeasureStage):
    """Commits what was measured, a table, as a shard of its job."""

    def _take(self, tasks: pa.Table, embedded: Embedded, result: pa.Table) -> pa.Table:
        return committed(self._job.output, lambda: self._commit(tasks, embedded, result))

    def _commit(self, tasks: pa.Table, embedded: Embedded, result: pa.Table) -> LedgerRow:
        batch, taken, clock = embedded.batch, embedded.taken, time.perf_counter()
        attempt = layout.new_attempt()
        size, crc32 = write_samples(self._job.output, batch.batch, attempt, result.schema, [result])
        row = new_row(
            batch.batch,
            self._job.fingerprint,
            batch.rejected,
            attempt=attempt,
            asked=tasks.num_rows,
            written=len(batch.sample_ids),
            interrupted=taken.interrupted,
            content_bytes=0,
            names_size=0,
            size=size,
            crc32=crc32,
            remarks=batch.remarks,
            pixels_on=pixel_platform(),
            embedded_on=self._embedder.platform,
            listing=isal_zlib.crc32(tasks["file_state"].to_numpy()),
            started=batch.started,
            read_seconds=taken.read_seconds,
            drift_seconds=embedded.drift_seconds,
            embed_seconds=embedded.embed_seconds,
            write_seconds=time.perf_counter() - clock,
        )
        commit(self._job.output, row, batch.rejected)
        return row

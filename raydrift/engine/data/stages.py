"""What Ray's actors run: each call takes one shard and returns one small row, or passes it on.

A shard travels as one row of Ray Data, which splits and bundles blocks of rows as it sees fit, and
wants a batch size where there is a GPU; but a row is never split, and a batch of one row is one
shard. The last stage commits the shard itself, so only ledger rows come to the driver. Torch is
imported by the stages that embed, and by no other process.

What a stage is told comes by reference: Ray writes the arguments of actors into its logs.
"""

import pickle
import socket
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import ray

from raydrift import schemas
from raydrift.drift.platform import pixel_platform
from raydrift.engine.data.measured import LevelBatch, MeasureJob
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.rows import as_row, pixels_of, table_of
from raydrift.engine.data.shard_work import (
    Decoder,
    ShardJob,
    ShardPart,
    commit_shard,
    drift_shard,
    drifted_image,
    next_image,
)
from raydrift.engine.data.shipping import unpacked
from raydrift.errors import ImageError, OutputError, PipelineError, RaydriftError, reason
from raydrift.images.codec import RGB
from raydrift.images.isolated_decoder import IsolatedDecoder, decode_in_time
from raydrift.paths import retrying
from raydrift.storage.made_on import check_made_on
from raydrift.storage.output import cannot_write
from raydrift.storage.record import PIXEL_PACKAGES, other_version
from raydrift.storage.remarks import Remark, RemarkCount
from raydrift.storage.shards import LedgerRow, Rejected

if TYPE_CHECKING:
    from raydrift.embed.resnet import Embedder
    from raydrift.engine.data.tasks import ShardTasks

_FAILURE = "failure"
_ROWS_AT_ONCE = 16

_Part = tuple[pa.Table, RGB | None]
"""Drifted samples of a shard, and their pixels where they are kept."""


def shard_rows(_: pa.Table, tasks: "ray.ObjectRef[ShardTasks]") -> Iterator[pa.Table]:
    """Every shard's tasks, as a row each."""
    for table in ray.get(tasks):
        yield as_row(table)


def fetched(reference: Any) -> Any:
    """What a reference that a stage was given stands for."""
    return unpacked(ray.get(reference))


class DriftStage:
    """Drifts a shard and commits it; with weights, embeds it in between."""

    def __init__(
        self,
        job: "ray.ObjectRef[ShardJob]",
        weights: "ray.ObjectRef[Any] | None",
        on_gpu: bool,
    ) -> None:
        self._job: ShardJob = fetched(job)
        self._drifter = _Drifter(self._job)
        self._embedder = _LazyEmbedder(self._job, weights, on_gpu) if weights is not None else None

    def __call__(self, row: pa.Table) -> pa.Table:
        tasks, keep = table_of(row), self._embedder is not None
        parts = partial(self._drifter.drift, tasks, keep, _ROWS_AT_ONCE)
        return _commit(self._job, self._embedder, tasks["shard"][0].as_py(), parts)


class PixelStage:
    """Drifts a shard and passes it on, its pixels with it."""

    def __init__(self, job: "ray.ObjectRef[ShardJob]") -> None:
        self._drifter = _Drifter(fetched(job))

    def __call__(self, row: pa.Table) -> pa.Table:
        try:
            (whole,) = self._drifter.drift(table_of(row), keep_pixels=True)
        except RaydriftError as error:
            return _failure(error)
        return as_row(*whole)


class EmbedStage:
    """Embeds a shard that was passed on, and commits it."""

    def __init__(
        self, job: "ray.ObjectRef[ShardJob]", weights: "ray.ObjectRef[Any]", on_gpu: bool
    ) -> None:
        self._job: ShardJob = fetched(job)
        self._embedder = _LazyEmbedder(self._job, weights, on_gpu)

    def __call__(self, row: pa.Table) -> pa.Table:
        if _FAILURE in row.column_names:
            return row
        image = self._job.settings.image
        pixels = pixels_of(row, image.height, image.width)
        samples = table_of(row)
        parts = [(samples, pixels)]
        return _commit(self._job, self._embedder, samples["shard"][0].as_py(), lambda: parts)


class MeasureStage:
    """Embeds each image of a batch as it is, and drifted by each schedule; writes nothing.

    The copies of one schedule are made and embedded before those of the next: however many there
    are, a worker holds the pixels of the originals and of one.
    """

    def __init__(
        self,
        job: "ray.ObjectRef[ShardJob]",
        measure_job: "ray.ObjectRef[MeasureJob]",
        weights: "ray.ObjectRef[Any]",
        on_gpu: bool,
    ) -> None:
        shard_job, measured = fetched(job), fetched(measure_job)
        self._drifter = _Drifter(shard_job)
        self._measure = measured.measure
        self._jobs = [replace(shard_job, schedule=schedule) for schedule in measured.schedules]
        self._embedder = _LazyEmbedder(shard_job, weights, on_gpu)

    def __call__(self, row: pa.Table) -> pa.Table:
        tasks = table_of(row)
        try:
            result = pickle.dumps(self._measure(self._embed(tasks)))
            made_on = {"pixels": pixel_platform(), "embeddings": self._embedder.platform}
        except RaydriftError as error:
            return _failure(error)
        row = {"result": result, "host": socket.gethostname(), "made_on": made_on}
        return pa.Table.from_pylist([row | {_FAILURE: "", "message": ""}])

    def _embed(self, tasks: pa.Table) -> LevelBatch:
        started = time.time()
        rows, originals, rejected, remarks = self._drifter.originals(tasks)
        embed = self._embedder.ready()
        used = tasks.take(pa.array(rows, pa.int64()))
        sample_ids = used["sample_id"].to_pylist()
        embedded = embed(originals)
        copies, drifted = np.empty_like(originals), []
        for job in self._jobs:
            chains = job.drifts(used).chains()
            for place, (sample_id, chain) in enumerate(zip(sample_ids, chains, strict=True)):
                original = originals[place]
                copies[place] = drifted_image(job.settings, original, sample_id, chain)[0]
            drifted.append(embed(copies))
        return LevelBatch(
            tasks["shard"][0].as_py(),
            tuple(sample_ids),
            tuple(used["label"].to_pylist()),
            tuple(used["class_name"].to_pylist()),
            embedded,
            tuple(drifted),
            tuple(rejected),
            remarks,
            started,
        )


class _Drifter:
    """What an actor that makes pixels keeps: its reader, and what decodes."""

    def __init__(self, job: ShardJob) -> None:
        self._job = job
        image = job.settings.image
        self._reader = Reader(job.source, image.max_bytes, image.max_memory)
        self._decoder = _decoder()
        self._other = other_version(PIXEL_PACKAGES, job.versions)

    def drift(self, tasks: pa.Table, keep_pixels: bool, rows: int | None = None) -> Iterator[_Part]:
        """Drifts a shard, see ``drift_shard``."""
        self._check()
        return drift_shard(self._job, tasks, keep_pixels, self._reader, self._decoder, rows)

    def originals(
        self, tasks: pa.Table
    ) -> tuple[list[int], RGB, list[Rejected], tuple[Remark, ...]]:
        """The usable samples: their rows in the table and their pixels; and those that are not.

        Last come remarks on the usable ones.
        """
        self._check()
        settings = self._job.settings
        shape = (tasks.num_rows, settings.image.height, settings.image.width, 3)
        pixels = np.empty(shape, np.uint8)
        rows: list[int] = []
        rejected: list[Rejected] = []
        remarks = RemarkCount()
        ids, paths = tasks["sample_id"].to_pylist(), tasks["source_path"].to_pylist()
        contents = self._reader.fetch(paths)
        for row in range(tasks.num_rows):
            decoded = next_image(settings, contents, self._decoder).image
            if isinstance(decoded, ImageError):
                rejected.append(Rejected(ids[row], paths[row], decoded.stage, decoded.reason))
            else:
                pixels[len(rows)] = decoded.pixels
                rows.append(row)
                remarks.add(Remark(text, 1, (paths[row],)) for text in decoded.remarks)
        return rows, pixels[: len(rows)], rejected, remarks.listed

    def _check(self) -> None:
        """The bytes may not depend on the node; not in the constructor, which Ray would repeat."""
        if self._other is not None:
            raise PipelineError(
                f"the run is made with {self._other} on node {socket.gethostname()}: install the "
                "same versions everywhere, then run the same command again"
            )
        here = {"pixels": pixel_platform()}
        check_made_on(self._job.made_on, here, socket.gethostname())


def _decoder() -> Decoder:
    """What decodes in this actor.

    An actor that was restarted may have been killed by an image that it will be given again: it
    decodes in a child process from then on.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray's own, about itself
        restarted = ray.get_runtime_context().was_current_actor_reconstructed
    return IsolatedDecoder() if restarted else decode_in_time


class _LazyEmbedder:
    """Loads the network at the first shard.

    Weights that are not a network's are then an error row, not a dead actor.
    """

    def __init__(self, job: ShardJob, weights: "ray.ObjectRef[Any]", on_gpu: bool) -> None:
        self._job = job
        self._weights = weights
        self._device = None if on_gpu else "cpu"
        self._threads = None if on_gpu else 1
        self._embedder: Embedder | None = None
        self.platform = ""

    def ready(self) -> "Embedder":
        if self._embedder is None:
            from raydrift.embed.resnet import Embedder

            weights = ray.get(self._weights)
            settings = self._job.settings.embedding
            self._embedder = Embedder(weights, settings, self._device, self._threads)
            image = self._job.settings.image
            self.platform = self._embedder.platform(image.height, image.width)
        check_made_on(self._job.made_on, {"embeddings": self.platform}, socket.gethostname())
        return self._embedder


def _commit(
    job: ShardJob,
    embedder: _LazyEmbedder | None,
    shard: int,
    parts: Callable[[], Iterable[_Part]],
) -> pa.Table:
    """Embeds and commits a shard; where this machine's disk fails for a moment, once more."""
    call = retrying(soon=True) if job.output.is_local else _once
    try:
        row = call(lambda: commit_shard(job, shard, _embedded(embedder, parts())))
    except RaydriftError as error:
        return _failure(error)
    except OSError as error:
        return _failure(OutputError(cannot_write(job.output, error)))
    table = pa.Table.from_pylist([asdict(row) | {"failure": "", "message": ""}])
    remarks = pa.array([[asdict(remark) for remark in row.remarks]], schemas.REMARKS)
    return table.set_column(table.schema.get_field_index("remarks"), "remarks", remarks)


def _once(work: Callable[[], LedgerRow]) -> LedgerRow:
    return work()


def _embedded(embedder: _LazyEmbedder | None, parts: Iterable[_Part]) -> Iterator[ShardPart]:
    try:
        for table, pixels in parts:
            if embedder is None or pixels is None:
                yield ShardPart(table)
                continue
            network = embedder.ready()
            clock = time.perf_counter()
            embeddings = network(pixels)
            yield ShardPart(table, embeddings, time.perf_counter() - clock, embedder.platform)
    except OSError as error:  # which has nothing to do with the output
        raise PipelineError(f"a worker failed: {type(error).__name__}: {reason(error)}") from error


def _failure(error: RaydriftError) -> pa.Table:
    """What goes to the driver in the place of a result: Ray would lose the error's type."""
    return pa.Table.from_pylist([{_FAILURE: type(error).__name__, "message": str(error)}])

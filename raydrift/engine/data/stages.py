"""What the actors of a run do: each call takes one shard and passes it on, or commits it.

A shard travels as one row of Ray Data, which splits and bundles blocks of rows as it sees fit, and
wants a batch size where there is a GPU; but a row is never split, and a batch of one row is one
shard. The last stage commits the shard itself, so only ledger rows come to the driver. Torch is
imported by the stages that embed, and by no other process.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

import pyarrow as pa

from raydrift.embed.weights import Weights
from raydrift.engine.data.committing import committed, failing_as_worker
from raydrift.engine.data.drifter import Drifter, Part
from raydrift.engine.data.failures import FAILURE, failure_row
from raydrift.engine.data.lazy_embedder import LazyEmbedder
from raydrift.engine.data.part_samples import ROWS_AT_ONCE
from raydrift.engine.data.pipeline import Stage
from raydrift.engine.data.rows import as_row, pixels_of, table_of
from raydrift.engine.data.shard_work import ShardJob, ShardPart, commit_shard
from raydrift.engine.data.shipping import fetched, with_transforms
from raydrift.engine.plan import EMBEDDERS, WORKERS, Plan
from raydrift.errors import RaydriftError

_EMBED_THREADS: Final = 4  # one feeds the GPU while others write


def drift_stages(job: ShardJob, plan: Plan, weights: Weights | None) -> tuple[Stage, ...]:
    """The stages that drift images, embed them where there are weights, and commit the shards.

    Args:
        job: What workers are told.
        plan: With embedders, these embed and commit what workers pass on.
        weights: The network's weights; None: nothing is embedded.
    """
    job = with_transforms(job)
    if EMBEDDERS not in plan:
        return (Stage(DriftStage, WORKERS, (job, weights, False)),)
    on_gpu = plan.has_gpus(EMBEDDERS)
    return (
        Stage(PixelStage, WORKERS, (job,)),
        Stage(EmbedStage, EMBEDDERS, (job, weights, on_gpu), _EMBED_THREADS if on_gpu else 1),
    )


class DriftStage:
    """Drifts a shard and commits it; with weights, embeds it in between."""

    def __init__(self, job: Any, weights: Any, on_gpu: Any) -> None:
        self._job: ShardJob = fetched(job)
        self._drifter = Drifter(self._job)
        embeds = weights is not None
        self._embedder = LazyEmbedder(self._job, weights, fetched(on_gpu)) if embeds else None

    def __call__(self, row: pa.Table) -> pa.Table:
        tasks, keep = table_of(row), self._embedder is not None
        parts = partial(self._drifter.drift, tasks, keep, ROWS_AT_ONCE)
        return _commit(self._job, self._embedder, tasks["shard"][0].as_py(), parts)


class PixelStage:
    """Drifts a shard and passes it on, its pixels with it."""

    def __init__(self, job: Any) -> None:
        self._drifter = Drifter(fetched(job))

    def __call__(self, row: pa.Table) -> pa.Table:
        try:
            (whole,) = self._drifter.drift(table_of(row), keep_pixels=True)
        except RaydriftError as error:
            return failure_row(error)
        return as_row(*whole)


class EmbedStage:
    """Embeds a shard that was passed on, and commits it; threads take turns at the network."""

    def __init__(self, job: Any, weights: Any, on_gpu: Any) -> None:
        self._job: ShardJob = fetched(job)
        self._embedder = LazyEmbedder(self._job, weights, fetched(on_gpu))

    def __call__(self, row: pa.Table) -> pa.Table:
        if FAILURE in row.column_names:
            return row
        samples = table_of(row)
        parts = [(samples, pixels_of(row))]
        return _commit(self._job, self._embedder, samples["shard"][0].as_py(), lambda: parts)


def _commit(
    job: ShardJob,
    embedder: LazyEmbedder | None,
    shard: int,
    parts: Callable[[], Iterable[Part]],
) -> pa.Table:
    """Embeds and commits a shard."""
    return committed(job.output, lambda: commit_shard(job, shard, _embedded(embedder, parts())))


def _embedded(embedder: LazyEmbedder | None, parts: Iterable[Part]) -> Iterator[ShardPart]:
    with failing_as_worker():
        for table, pixels in parts:
            if embedder is None or pixels is None:
                yield ShardPart(table)
                continue
            embeddings, seconds = embedder(pixels)
            yield ShardPart(table, embeddings, seconds, embedder.platform)

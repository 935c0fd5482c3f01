"""Originals and their drifted twins, side by side in the network; nothing is written."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.embed.weights import find_weights
from raydrift.engine.pipeline import PipelineJob, run_pipeline
from raydrift.engine.plan import make_plan
from raydrift.engine.session import connect, free_resources
from raydrift.engine.shard_work import ShardJob
from raydrift.engine.tasks import ShardTasks, samples_of
from raydrift.place import Place
from raydrift.schemas import EMBEDDING_SIZE
from raydrift.settings import GenerateSettings
from raydrift.storage.record import installed_versions

Embeddings = npt.NDArray[np.float64]
"""float64 of shape (n, 512)."""


def twin_batches(
    settings: GenerateSettings, catalog: Catalog
) -> Iterator[tuple[int, list[int], Embeddings, Embeddings]]:
    """Embeds each sample of a run as it is and drifted.

    Args:
        settings: Of the run; its ``embedding.batch_size`` is the size of a batch.
        catalog: The input.

    Yields:
        As they are done: a batch's number, its sample ids, and the embeddings of its originals and
        of their drifted twins, row by row. Images that cannot be used are left out; a batch of
        nothing else does not come.
    """
    samples, _ = samples_of(settings, catalog)
    stream = Stream.of(settings, catalog)
    catalog = replace(catalog, columns=None)
    size = settings.embedding.batch_size
    count = -(-samples // size)
    weights = find_weights(
        settings.embedding.weights, settings.seed, settings.options_of("weights")
    )
    connect(settings.cluster)
    free = free_resources()
    cluster = replace(settings.cluster, embedders=settings.cluster.embedders if free.gpus else 0)
    plan = make_plan(cluster, free, True, count)
    tasks = ShardTasks(settings, catalog, samples, size, np.arange(count), stream.where)
    told = ShardJob(
        settings,
        catalog.root,
        Place.of(settings.output, settings.options_of("output")),
        fingerprint="",
        versions=installed_versions(),
        schedule=stream.schedule,
    )
    job = PipelineJob(told, plan, weights, twins=True, verbose=settings.cluster.verbose)
    with closing(run_pipeline(job, tasks)) as rows:
        for row in rows:
            if row["sample_ids"]:
                before, after = _array(row["originals"]), _array(row["drifted"])
                yield row["shard"], row["sample_ids"], before, after


def _array(data: bytes) -> Embeddings:
    return np.frombuffer(data, np.float64).reshape(-1, EMBEDDING_SIZE)

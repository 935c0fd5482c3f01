"""Originals and their drifted copies, side by side in the network; nothing is written."""

import pickle
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

import numpy as np

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.embed.weights import find_weights
from raydrift.engine.data.measured import Chain, LevelBatch, MeasureJob
from raydrift.engine.data.pipeline import PipelineJob, run_pipeline
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.tasks import ShardTasks, run_samples
from raydrift.engine.needs import check_needs
from raydrift.engine.session import connect, free_resources
from raydrift.engine.waiting import plan_when_free
from raydrift.paths import StoragePath
from raydrift.schedules.schedule import Schedule
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.made_on import check_made_on
from raydrift.storage.record import installed_versions

__all__ = ["Chain", "LevelBatch", "level_batches", "measure_batches"]

_T = TypeVar("_T")


def level_batches(
    settings: GenerateSettings,
    catalog: Catalog,
    chains: Sequence[Chain] | None = None,
    quiet: bool = False,
) -> Generator[LevelBatch]:
    """Embeds each sample of a run as it is, and drifted by each of some chains.

    An image is read, decoded and embedded once, and once more drifted by each chain. A sample's
    drift is what ``generate`` would write with that chain: it comes from the seed, the position in
    the chain and the sample id.

    Args:
        settings: The run's settings; its ``embedding.batch_size`` is the size of a batch.
        catalog: The input.
        chains: Transforms to drift every sample by, ``()`` for none: one chain a level. None:
            there is one copy, which gets what is in force on it in the run.
        quiet: Say nothing while it waits for a cluster.

    Yields:
        The batches as they are done, in any order. One of images that cannot be used does not
        come.
    """
    with closing(measure_batches(settings, catalog, _as_it_is, chains, quiet)) as batches:
        for batch in batches:
            if batch.sample_ids:
                yield batch


def measure_batches(
    settings: GenerateSettings,
    catalog: Catalog,
    measure: Callable[[LevelBatch], _T],
    chains: Sequence[Chain] | None = None,
    quiet: bool = False,
) -> Generator[_T]:
    """What a function says of each batch of ``level_batches``; the workers call it.

    So only its results come to the driver, not the embeddings, of which a million images have 4 GB
    a level.

    Args:
        settings: As for ``level_batches``.
        catalog: The input.
        measure: Any function that can be pickled, as its results. It gets each batch, also one
            without usable images.
        chains: As for ``level_batches``.
        quiet: Show no progress.

    Yields:
        Its results as they are done, in any order.
    """
    samples, _ = run_samples(settings, catalog)
    if chains is None:
        stream = Stream.of(settings, catalog)
        schedules, where = [stream.schedule], stream.where
    else:  # instead of the run's own drifts
        schedules, where = [Schedule(settings.seed, tuple(chain)) for chain in chains], ()
    catalog = replace(catalog, columns=None)
    size = settings.embedding.batch_size
    count = -(-samples // size)
    weights = find_weights(
        settings.embedding.weights, settings.seed, settings.options_of("weights")
    )
    connect(settings.cluster)
    check_needs(settings, schedules)
    cluster = settings.cluster
    if not (cluster.min_embedders or free_resources().gpus):
        cluster = replace(cluster, embedders=0)  # without GPUs every worker embeds
    plan = plan_when_free(cluster, True, count, quiet)
    tasks = ShardTasks(settings, catalog, samples, size, np.arange(count), where)
    shard_job = ShardJob(
        settings,
        catalog.root,
        StoragePath.of(settings.output, settings.options_of("output")),
        fingerprint="",
        versions=installed_versions(),
    )
    job = PipelineJob(
        shard_job,
        plan,
        weights,
        MeasureJob(tuple(schedules), measure),
        verbose=settings.cluster.verbose,
    )
    with closing(run_pipeline(job, tasks)) as rows:
        made_on: dict[str, str] = {}
        for row in rows:
            check_made_on(made_on, row["made_on"], row["host"], kept=False)
            made_on = row["made_on"]
            yield pickle.loads(row["result"])  # noqa: S301  (of a worker of ours)


def _as_it_is(batch: LevelBatch) -> LevelBatch:
    return batch

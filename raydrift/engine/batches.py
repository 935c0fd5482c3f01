"""A run's samples as batches for a consumer, in order and no faster than it takes them."""

import logging
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.catalog.value_range import with_value_range
from raydrift.engine.data.batch_stage import BatchStage
from raydrift.engine.data.pipeline import Pipeline, Stage, run_in_order
from raydrift.engine.data.rows import pixels_of, table_of
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.shipping import with_transforms, without_transforms
from raydrift.engine.data.tasks import ShardTasks, run_samples
from raydrift.engine.jobs.job import FEW_SAMPLES, check_reach
from raydrift.engine.needs import transforms_on_gpu
from raydrift.engine.plan import WORKERS, drift_demands
from raydrift.engine.session import connect
from raydrift.engine.waiting import plan_when_free
from raydrift.errors import RejectedError
from raydrift.images.batch import DriftedBatch
from raydrift.log import log_event
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.image_sets import replaced_samples, twinned
from raydrift.storage.record import installed_versions
from raydrift.text import plural

_AHEAD: Final = 4
"""Batches a worker that may be begun before the consumer takes them: two that it works on or has
waiting, and two that are done."""


def drifted_batches(
    settings: GenerateSettings, catalog: Catalog, quiet: bool = False
) -> Generator[DriftedBatch]:
    """Makes the samples that ``generate`` would write, as batches; nothing is written.

    Args:
        settings: The run's settings; its ``embedding.batch_size`` is the size of a batch.
        catalog: The input.
        quiet: Say nothing while it waits for a cluster.

    Yields:
        The batches in the order of the samples. A batch lacks images that cannot be used; one
        without any image does not come.

    Raises:
        SettingsError: More samples are asked for than the input has.
        RejectedError: An image cannot be used and the settings say to stop, or too many cannot.
        PipelineError: A worker failed.
    """
    samples, _ = run_samples(settings, catalog)
    settings, _ = with_value_range(settings, catalog)
    stream, size = Stream.of(settings, catalog), settings.embedding.batch_size
    count = -(-samples // size)
    cluster = settings.cluster
    connect(cluster)
    gpu_for = transforms_on_gpu(settings, [stream.schedule])
    demands = partial(drift_demands, cluster, embed=False, gpu_for=gpu_for)
    plan = plan_when_free(cluster, demands, count, quiet)
    shards = np.arange(count)
    catalog = twinned(catalog, settings, settings.infos)
    catalog = replace(catalog, columns=None)  # workers have no use for them
    replaced = replaced_samples(settings, catalog, stream)
    tasks = ShardTasks(settings, catalog, samples, size, shards, stream.where, replaced)
    output = StoragePath.of(settings.output)  # nothing is written there
    job = ShardJob(settings, catalog.root, output, "", installed_versions(), stream.schedule)
    if replaced is not None:
        job = replace(job, sets=replaced.roots)
    if catalog.twins is not None:
        job = replace(job, twins=catalog.twins.root)
    stages = (Stage(BatchStage, WORKERS, (with_transforms(job),)),)
    pipeline = Pipeline(without_transforms(tasks), stages, plan, verbose=cluster.verbose)
    most, ahead = settings.faults.max_rejected * samples, _AHEAD * plan[WORKERS].processes
    rejected = interrupted = read = 0
    first = ""
    with closing(run_in_order(pipeline, ahead)) as rows:
        for row in rows:
            few, unread = row["rejected"][0].as_py(), row["interrupted"][0].as_py()
            batch = _batch(row)
            rejected, interrupted = rejected + few, interrupted + unread
            read += few + len(batch)
            first = first or row["first"][0].as_py()
            if few:
                text = f"{plural(few, 'image')} of a batch cannot be used (first: {first})"
                log_event(logging.WARNING, "rejected", text, rejected=few)
            check_reach(interrupted, max(read, FEW_SAMPLES), first)
            if rejected > most:
                raise RejectedError(
                    f"{rejected} of {plural(samples, 'image')} cannot be used (first: {first}), "
                    f"more than max_rejected {settings.faults.max_rejected:g}"
                )
            if len(batch):
                yield batch


def _batch(row: pa.Table) -> DriftedBatch:
    table = table_of(row)
    names = ("sample_id", "timestamp", "label", "drifted", "level")
    ids, times, labels, drifted, levels = (table[name].to_numpy() for name in names)
    images = pixels_of(row)
    classes = tuple(table["class_name"].to_pylist())
    return DriftedBatch(images, labels, classes, ids, times, drifted, levels)

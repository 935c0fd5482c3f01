"""The drift in force on a stream, measured batch by batch."""

from collections.abc import Callable, Sequence

import numpy as np

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream, sample_order
from raydrift.catalog.value_range import with_value_range
from raydrift.engine.data.measured import Embeddings
from raydrift.engine.measured_batches import level_batches
from raydrift.metrics.batch_divergence import BatchDivergence
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.remarks import Remark, RemarkCount


def batch_divergences(
    settings: GenerateSettings,
    catalog: Catalog,
    measure: Callable[[Embeddings, Embeddings], float],
) -> tuple[list[BatchDivergence], tuple[Remark, ...]]:
    """Measures originals against their drifted copies; writes nothing.

    Args:
        settings: The run's settings, with its drifts.
        catalog: The input.
        measure: From the embeddings of originals and of their copies, float64 (n, 512) each, to a
            number.

    Returns:
        A row for each batch, in order, and remarks on the images.
    """
    settings, _ = with_value_range(settings, catalog)
    level = _mean_levels(settings, catalog)
    found: list[BatchDivergence] = []
    remarks: dict[int, tuple[Remark, ...]] = {}
    for one in level_batches(settings, catalog):  # whose embeddings are not kept
        divergence = measure(one.originals, one.drifted[0])
        ids = one.sample_ids
        row = BatchDivergence(one.batch, ids, divergence, level(ids), settings.transforms)
        found.append(row)
        remarks[one.batch] = one.remarks
    total = RemarkCount()
    for batch in sorted(remarks):
        total.add(remarks[batch])
    return sorted(found, key=lambda row: row.batch), total.listed


def _mean_levels(settings: GenerateSettings, catalog: Catalog) -> Callable[[Sequence[int]], float]:
    """The level of a batch, from its sample ids."""
    if settings.drift:
        stream = Stream.of(settings, catalog)
        rows = sample_order(settings, catalog).rows
        return lambda ids: float(stream.drift(rows, np.array(ids)).levels.mean())
    levels = [info.drift_level for info in settings.transforms]
    level = float(np.mean(levels)) if levels else 0.0
    return lambda _: level

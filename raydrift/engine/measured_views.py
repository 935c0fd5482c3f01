"""The batches of a matrix: what each view makes of the images, side by side in the network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter, time
from typing import Self

import numpy as np
import pyarrow as pa

from raydrift.camera import View
from raydrift.catalog import Catalog
from raydrift.drift.corruptions import CORRUPTIONS
from raydrift.engine.data.measured import Corruption, MeasureViewsJob, ViewBatch
from raydrift.engine.measured_batches import MeasuredBatches
from raydrift.errors import PipelineError
from raydrift.metrics import METRICS
from raydrift.report.matrix import ViewMeasures
from raydrift.settings.matrix import MatrixSettings


@dataclass(frozen=True)
class MeasuredViews(MeasuredBatches):
    """Measures a run's samples batch by batch, as each of some views shows them.

    An image is read once, developed by each view, and embedded as each shows it. Nothing drifts.

    Attributes:
        views: The views.
        compat: Whether they are as published.
        corruptions: What is also done to each picture, each by itself.
    """

    views: tuple[View, ...] = ()
    compat: bool = False
    corruptions: tuple[Corruption, ...] = ()

    @classmethod
    def of_views(cls, settings: MatrixSettings, catalog: Catalog) -> Self:
        """What is measured for a matrix.

        Raises:
            SettingsError: More samples are asked for than the input has.
            WeightsError: The network's weights cannot be found.
        """
        views = tuple(map(View.parse, settings.views))
        measured = cls.of(settings.run, catalog, chains=())
        corruptions = baseline(settings.corruptions)
        return replace(measured, views=views, compat=settings.compat, corruptions=corruptions)

    @property
    def told(self) -> MeasureViewsJob:
        """What the workers are told of what is measured."""
        return MeasureViewsJob(self.views, self.compat, self.measure, self.corruptions)


def baseline(severities: Sequence[int]) -> tuple[Corruption, ...]:
    """Each corruption at each of some severities."""
    return tuple((name, severity) for name in CORRUPTIONS for severity in severities)


def measure_views(batch: ViewBatch, codes: Sequence[str], metric: str | None) -> pa.Table:
    """The divergence of each view of a batch from each other one, and its embeddings.

    Args:
        batch: The embeddings.
        codes: The codes of the views.
        metric: A name in ``metrics.METRICS``; None: the embeddings alone.

    Returns:
        One row: ``ViewMeasures.table``, and a column of embeddings a view.

    Raises:
        PipelineError: The embeddings are not finite.
    """
    clock, embedded = perf_counter(), time() - batch.started
    embedded_views = chain(batch.views, *batch.corrupted.values())
    if not all(np.isfinite(one).all() for one in embedded_views):
        raise PipelineError(
            f"batch {batch.batch}: embeddings hold values that are not finite: "
            "use other weights, or images that the network can see"
        )
    values, why = None, ""
    if metric is not None:
        values = np.full((len(codes), len(codes)), np.nan)
        try:
            for row, before in enumerate(batch.views):
                for column, after in enumerate(batch.views):
                    values[row, column] = METRICS[metric].measure(before, after)
        except ValueError as error:  # too few images, or all alike
            values[:], why = np.nan, str(error) if batch.sample_ids else ""
    table = ViewMeasures(
        batch.batch,
        batch.sample_ids,
        batch.labels,
        batch.class_names,
        batch.paths,
        values,
        unmeasured=why,
        embed_seconds=embedded,
        measure_seconds=perf_counter() - clock,
    ).table()
    for code, column in batch.columns(codes).items():
        table = table.append_column(code, column)
    return table

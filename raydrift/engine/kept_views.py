"""The batches of a matrix of trained networks: the pictures of each view, kept as pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import pyarrow as pa

from raydrift.camera import View
from raydrift.catalog import Catalog
from raydrift.embed.weights import find_weights
from raydrift.engine.data.kept_pictures import KeepViewsJob, PictureBatch
from raydrift.engine.measured_views import MeasuredViews, measure_views
from raydrift.engine.plan import Demand, drift_demands
from raydrift.engine.session import Resources
from raydrift.settings.matrix import NONE, MatrixSettings

_SHARD_BYTES: Final = 32 * 2**20
_MOST: Final = 64  # samples a shard


@dataclass(frozen=True)
class KeptViews(MeasuredViews):
    """Develops a run's samples by each of some views, and keeps the pixels.

    They are embedded only where a divergence is asked for: a batch is as large as that one's then.

    Attributes:
        embed: Whether they are.
        with_masks: Whether masks are kept, too.
    """

    embed: bool = False
    with_masks: bool = False

    @classmethod
    def of_views(cls, settings: MatrixSettings, catalog: Catalog) -> Self:
        """What is kept for a matrix of trained networks; see ``MeasuredViews.of_views``."""
        run, embed = settings.run, settings.divergence != NONE
        # Nothing asks for random ones, which are not even drawn.
        name = run.embedding.weights if embed else "random"
        weights = find_weights(name, run.seed, run.options_of("weights"))
        measured = cls.of(run, catalog, chains=(), weights=weights)
        one = len(settings.views) * run.image.height * run.image.width * 3
        return replace(
            measured,
            views=tuple(map(View.parse, settings.views)),
            compat=settings.compat,
            embed=embed,
            with_masks=settings.train is not None and settings.train.has_masks,
            size=measured.size if embed else min(_MOST, max(1, _SHARD_BYTES // one)),
        )

    @property
    def reads_masks(self) -> bool:
        """Whether workers read them."""
        return self.with_masks

    @property
    def told(self) -> KeepViewsJob:
        """What the workers are told."""
        return KeepViewsJob(self.views, self.compat, self.measure, embed=self.embed)

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers, where nothing is embedded."""
        if self.embed:
            return super().demands(free)
        return drift_demands(self.cluster, free, embed=False)


def keep_views(batch: PictureBatch, codes: Sequence[str], metric: str | None) -> pa.Table:
    """The pictures of a batch, and the divergence of each view from each other one.

    Args:
        batch: The pictures, and their embeddings where there is a metric.
        codes: The codes of the views.
        metric: A name in ``metrics.METRICS``; None: nothing is measured.

    Returns:
        One row: ``ViewMeasures.table``, and the columns of ``PictureBatch.with_pixels``.

    Raises:
        PipelineError: The embeddings are not finite.
    """
    shown = codes if metric is not None else ()
    table = measure_views(batch, shown, metric)
    return batch.with_pixels(table.drop_columns(list(shown)), codes)

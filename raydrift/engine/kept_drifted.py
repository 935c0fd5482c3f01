"""The batches of an adjustment: images as they are and drifted, kept as pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.embed.weights import find_weights
from raydrift.engine.data.kept_drifts import MASKS_OF, DriftBatch, KeepDriftsJob
from raydrift.engine.measured_batches import MeasuredBatches
from raydrift.engine.measured_views import measure_views
from raydrift.engine.plan import Demand, drift_demands
from raydrift.engine.session import Resources
from raydrift.settings.adjust import AdjustSettings

_SHARD_BYTES: Final = 32 * 2**20
_PIXEL_BYTES: Final = 5  # three colours or a float of a mosaic, and a mask
_MOST: Final = 64  # samples a shard


@dataclass(frozen=True)
class KeptDrifted(MeasuredBatches):
    """Drifts a run's samples as the run would, and keeps the pixels; nothing is embedded."""

    @classmethod
    def of_run(cls, settings: AdjustSettings, catalog: Catalog) -> Self:
        """What is kept for an adjustment; see ``MeasuredBatches.of``."""
        run = settings.run
        weights = find_weights("random", run.seed, {})  # which nothing asks for
        kept = cls.of(run, catalog, weights=weights)
        one = len(MASKS_OF) * run.image.height * run.image.width * _PIXEL_BYTES
        return replace(kept, size=min(_MOST, max(1, _SHARD_BYTES // one)))

    @property
    def reads_masks(self) -> bool:
        """Where the images have masks, they are what is right of them."""
        return self.catalog.masks is not None

    @property
    def told(self) -> KeepDriftsJob:
        """What the workers are told."""
        return KeepDriftsJob(self.schedules, self.measure)

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers."""
        return drift_demands(self.cluster, free, embed=False)


def keep_drifted(batch: DriftBatch) -> pa.Table:
    """The pictures of a batch: one row, ``ViewMeasures.table`` and a column of bytes each."""
    return batch.with_pictures(measure_views(batch, (), None))

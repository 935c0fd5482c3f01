"""The shards of a run: drifted images, each with what explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raydrift.catalog.replaced import Replaced
from raydrift.embed.weights import Weights
from raydrift.engine.changes import changes_of_shards
from raydrift.engine.data.companions import TwinsWanted
from raydrift.engine.data.pipeline import Pipeline
from raydrift.engine.data.stages import drift_stages
from raydrift.engine.image_shards import ImageShards
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.needs import transforms_on_gpu
from raydrift.engine.plan import EMBEDDERS, Demand, Plan, drift_demands
from raydrift.engine.session import Resources
from raydrift.schedules.schedule import Schedule
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow


@dataclass(frozen=True)
class DriftedShards(ImageShards):
    """Makes the shards of a run, as a ``ShardMaker``.

    Attributes:
        schedule: What happens to its samples.
        weights: The weights of the network; None: nothing is embedded.
        replacing: Which samples are replaced by images of other sets; None: none are.
    """

    schedule: Schedule
    weights: Weights | None
    replacing: Replaced | None = None

    @property
    def replaced(self) -> Replaced | None:
        """Which samples are replaced by images of other sets; None: none are."""
        return self.replacing

    @property
    def twins_wanted(self) -> TwinsWanted:
        """Which samples are blended with their twins."""
        return TwinsWanted(self.settings.profile, (self.schedule,))

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers, and embedders where there are weights and GPUs."""
        gpu_for = transforms_on_gpu(self.settings, [self.schedule])
        return drift_demands(self.cluster, free, self.weights is not None, gpu_for)

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Drifts the shards' images, embeds them, and commits the shards."""
        job = self.shard_job(
            record,
            schedule=self.schedule,
            masks=self.catalog.masks,
            sets=() if self.replaced is None else self.replaced.roots,
            twins=None if self.catalog.twins is None else self.catalog.twins.root,
        )
        passed = self.size * self.settings.image.bytes if EMBEDDERS in plan else 0
        stages = drift_stages(job, plan, self.weights)
        return Pipeline(self.tasks(shards), stages, plan, passed, self.cluster.verbose)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:
        """Compares the files of those shards that were made by another listing."""
        return changes_of_shards(self.output, ledger, self.input_now)

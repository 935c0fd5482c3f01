"""The shards of a run: drifted images, each with what explains it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.embed.weights import Weights
from raydrift.engine.changes import InputNow, changes_of_shards
from raydrift.engine.data.pipeline import Pipeline
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.shipping import without_transforms
from raydrift.engine.data.stages import drift_stages
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.needs import on_gpu
from raydrift.engine.plan import EMBEDDERS, Demand, Plan, drift_demands
from raydrift.engine.session import Resources
from raydrift.paths import StoragePath
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.storage.unread import shards_to_read_again


@dataclass(frozen=True)
class DriftedShards:
    """Makes the shards of a run, as a ``ShardMaker``.

    Attributes:
        settings: The run's settings.
        catalog: Its input.
        stream: What happens to its samples.
        weights: The network's weights; None: nothing is embedded.
        output: The run's folder.
        samples: How many samples the whole run has.
        size: Samples a shard; the last one has what is left.
    """

    settings: GenerateSettings
    catalog: Catalog
    stream: Stream
    weights: Weights | None
    output: StoragePath
    samples: int
    size: int

    @property
    def cluster(self) -> ClusterSettings:
        """Where the work is done."""
        return self.settings.cluster

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers, and embedders where there are weights and GPUs."""
        gpu_for = on_gpu(self.settings, [self.stream.schedule])
        return drift_demands(self.cluster, free, self.weights is not None, gpu_for)

    def asked(self, shard: int) -> int:
        """How many samples a shard has."""
        return self._tasks(()).asked(shard)

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Drifts the shards' images, embeds them, and commits the shards."""
        job = ShardJob(
            self.settings,
            self.catalog.root,
            self.output,
            record.fingerprint,
            record.versions,
            self.stream.schedule,
            record.made_on,
        )
        passed = self.size * self.settings.image.bytes if EMBEDDERS in plan else 0
        stages = drift_stages(job, plan, self.weights)
        return Pipeline(self._tasks(shards), stages, plan, passed, self.cluster.verbose)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:
        """Compares the files of those shards that were made by another listing."""
        return changes_of_shards(self.output, ledger, self.input_now)

    def readable_now(self, rows: Collection[LedgerRow]) -> Sequence[int]:
        """Which shards have images that could not be read, and perhaps can be now."""
        most = self.settings.image.most_read
        return shards_to_read_again(self.output, rows, self.catalog.root, most)

    @cached_property
    def input_now(self) -> InputNow:
        """The files of the run's shards, as they are listed now."""
        return InputNow(self.settings, self.catalog, self.samples, self.size)

    def _tasks(self, shards: Sequence[int]) -> ShardTasks:
        return without_transforms(
            ShardTasks(
                self.settings,
                self.catalog,
                self.samples,
                self.size,
                np.array(shards, np.int64),
                self.stream.where,
            )
        )

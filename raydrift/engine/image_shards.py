"""What the makers of shards have in common whose samples are images of a catalog."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raydrift.catalog import Catalog
from raydrift.catalog.replaced import Replaced
from raydrift.engine.changes import InputNow
from raydrift.engine.data.companions import TwinsWanted
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.shipping import without_transforms
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.plan import EMBEDDERS, Plan
from raydrift.paths import StoragePath
from raydrift.schedules.where import Masks
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.made_on import check_device
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.storage.unread import shards_to_read_again


@dataclass(frozen=True)
class ImageShards:
    """Shards of some samples of a run.

    Attributes:
        settings: The run's settings.
        catalog: The input.
        output: The folder of the job.
        samples: How many samples there are.
        size: Samples a shard; the last one has what is left.
        where: For each drift, of which rows of the catalog it is meant.
    """

    settings: GenerateSettings
    catalog: Catalog
    output: StoragePath
    samples: int
    size: int
    where: Masks

    @property
    def cluster(self) -> ClusterSettings:
        """Where the work is done."""
        return self.settings.cluster

    def check(self, plan: Plan, record: JobRecord) -> None:
        """Makes sure that embeddings are made on the device that they were begun on.

        Raises:
            PipelineError: They would be made on another.
        """
        check_device(record.made_on, plan.has_gpus(EMBEDDERS))

    def shard_job(self, record: JobRecord, **more: Any) -> ShardJob:
        """What workers are told of the run.

        Args:
            record: The run's record.
            more: What else they are told, as ``ShardJob`` has it.
        """
        of_run = (self.settings, self.catalog.root, self.output)
        of_record = (record.fingerprint, record.versions)
        return ShardJob(*of_run, *of_record, made_on=record.made_on, **more)

    def asked(self, shard: int) -> int:
        """How many samples a shard has."""
        return self.tasks(()).asked(shard)

    def tasks(self, shards: Sequence[int]) -> ShardTasks:
        """What workers are told of the samples of some shards."""
        numbers = np.array(shards, np.int64)
        return without_transforms(
            ShardTasks(
                self.settings,
                self.catalog,
                self.samples,
                self.size,
                numbers,
                self.where,
                self.replaced,
            )
        )

    def readable_now(self, rows: Collection[LedgerRow]) -> Sequence[int]:
        """Which shards have images that could not be read, and perhaps can be now."""
        most = self.settings.image.most_read
        return shards_to_read_again(self.output, rows, self.catalog.root, most)

    @cached_property
    def input_now(self) -> InputNow:
        """The files of the shards, as they are listed now."""
        now = self.settings, self.catalog, self.samples, self.size
        return InputNow(*now, where=self.where, wanted=self.twins_wanted, replaced=self.replaced)

    @property
    def replaced(self) -> Replaced | None:
        """Which samples are replaced by images of other sets; None: none are."""
        return None

    @property
    def twins_wanted(self) -> TwinsWanted | None:
        """Which samples are blended with their twins; None: all that have one."""
        return None

"""The searches for the cameras that harm a model most, as shards of a job: one a part and level."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from raydrift.catalog import Catalog
from raydrift.engine.changes import InputNow
from raydrift.engine.data.camera_search import SearchJob
from raydrift.engine.data.pipeline import Pipeline
from raydrift.engine.data.search_stage import search_stage
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.tasks import NumberedTasks
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.plan import Demand, Plan, drift_demands
from raydrift.engine.session import Resources
from raydrift.paths import StoragePath
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.storage.unread import shards_to_read_again
from raydrift.tasks.task import Task


@dataclass(frozen=True)
class CameraSearches:
    """Searches each part at each level, as a ``ShardMaker``; shard 0 has the originals.

    Attributes:
        settings: The run's settings.
        output: The folder of the job.
        task: The user's model.
        told: What is searched.
    """

    settings: GenerateSettings
    output: StoragePath
    task: Task
    told: SearchJob

    @property
    def cluster(self) -> ClusterSettings:
        """Where the work is done."""
        return self.settings.cluster

    @property
    def catalog(self) -> Catalog:
        """The input."""
        return self.told.catalog

    @property
    def samples(self) -> int:
        """How many searches there are, the originals among them."""
        return 1 + len(self.told.cells)

    @property
    def size(self) -> int:
        """Each stands alone."""
        return 1

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers."""
        return drift_demands(self.cluster, free, embed=False)

    def check(self, plan: Plan, record: JobRecord) -> None:
        """A search is the work of a CPU, whatever there is."""

    def asked(self, shard: int) -> int:  # noqa: ARG002
        """A shard is one search."""
        return 1

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Searches, and commits what was found."""
        catalog = replace(self.catalog, columns=None)  # workers have no use for them
        job = ShardJob(
            self.settings,
            catalog.root,
            self.output,
            record.fingerprint,
            record.versions,
            made_on=record.made_on,
            masks=catalog.masks,
        )
        stage = search_stage(job, replace(self.told, catalog=catalog), self.task)
        tasks = NumberedTasks(tuple(shards))
        return Pipeline(tasks, (stage,), plan, verbose=self.cluster.verbose)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:  # noqa: ARG002
        """None: what the listing tells of the files is part of the job's identity."""
        return InputChanges()

    def readable_now(self, rows: Collection[LedgerRow]) -> Sequence[int]:
        """All of them, where an image could not be read and perhaps can be now."""
        most = self.settings.image.most_read
        again = shards_to_read_again(self.output, rows, self.catalog.root, most)
        return [row.shard for row in rows] if again else ()

    @cached_property
    def listing(self) -> int:
        """A checksum of what the listing tells of the files, which is another where they are."""
        samples = self.told.samples
        return InputNow(self.settings, self.catalog, samples, samples).listing[0]

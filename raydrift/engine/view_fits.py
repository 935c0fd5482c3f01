"""The fits of a matrix as shards of a job: one a train view and split."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from raydrift.catalog import Catalog
from raydrift.engine.data.fit_work import FitJob, FitStage
from raydrift.engine.data.pipeline import Pipeline, Stage
from raydrift.engine.data.tasks import NumberedTasks
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.plan import WORKERS, Demand, Plan, drift_demands
from raydrift.engine.session import Resources
from raydrift.settings.cluster import ClusterSettings
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow


@dataclass(frozen=True)
class ViewFits:
    """Fits a probe on each view and split, as a ``ShardMaker``; a shard is a fit.

    Attributes:
        cluster: Where the work is done.
        catalog: The input.
        fits: What workers are told.
    """

    cluster: ClusterSettings
    catalog: Catalog
    fits: FitJob

    @property
    def samples(self) -> int:
        """How many fits there are."""
        return len(self.fits.views) * self.fits.splits

    @property
    def size(self) -> int:
        """Each stands alone."""
        return 1

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers."""
        return drift_demands(self.cluster, free, embed=False)

    def check(self, plan: Plan, record: JobRecord) -> None:
        """Whatever made the embeddings, a fit is the work of a CPU."""

    def asked(self, shard: int) -> int:  # noqa: ARG002
        """A shard is one fit."""
        return 1

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Fits and tests, and commits what was right."""
        job = replace(self.fits, fingerprint=record.fingerprint)
        stages = (Stage(FitStage, WORKERS, (job,)),)
        return Pipeline(NumberedTasks(tuple(shards)), stages, plan, verbose=self.cluster.verbose)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:  # noqa: ARG002
        """None: the embeddings that the fits are of are part of their identity."""
        return InputChanges()

    def readable_now(self, rows: Collection[LedgerRow]) -> Sequence[int]:  # noqa: ARG002
        """None: nothing is read but embeddings."""
        return ()

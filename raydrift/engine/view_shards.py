"""The shards of a run of views: pictures of each view, in the view's folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from raydrift.camera import View
from raydrift.engine.changes import changes_of_shards
from raydrift.engine.data.pipeline import Pipeline, Stage
from raydrift.engine.data.view_work import ViewsJob, ViewStage
from raydrift.engine.image_shards import ImageShards
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.plan import WORKERS, Demand, Plan, drift_demands
from raydrift.engine.session import Resources
from raydrift.storage import layout
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.storage.views import views_of


@dataclass(frozen=True)
class ViewShards(ImageShards):
    """Makes the shards of a run of views, as a ``ShardMaker``.

    Attributes:
        compat: Whether views are as published.
    """

    compat: bool

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers."""
        return drift_demands(self.cluster, free, embed=False)

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Develops the shards' images, and commits the shards."""
        run = self.shard_job(record, masks=self.catalog.masks)
        views = {}
        for view in views_of(self.output, record):
            (view.folder / layout.SHARDS).create()
            fingerprint = view.record.fingerprint
            one = replace(run, output=view.folder, fingerprint=fingerprint)
            views[View.parse(view.code)] = one
        job = ViewsJob(run, views, self.compat)
        stages = (Stage(ViewStage, WORKERS, (job,)),)
        return Pipeline(self.tasks(shards), stages, plan, verbose=self.cluster.verbose)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:
        """Compares the files of those shards that were made by another listing."""
        return changes_of_shards(self.output, ledger, self.input_now)

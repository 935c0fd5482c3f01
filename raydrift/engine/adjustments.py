"""The trainings of an adjustment as shards of a job: one a kind and split."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from raydrift.engine.data.adjust_work import AdjustJob, AdjustStage
from raydrift.engine.data.fit_work import FitTasks
from raydrift.engine.data.pipeline import Pipeline, Stage
from raydrift.engine.plan import TRAINERS, Plan
from raydrift.engine.view_trainings import NetworkFits
from raydrift.storage.checkpoints import make_checkpoints
from raydrift.storage.record import JobRecord


@dataclass(frozen=True)
class Adjustments(NetworkFits):
    """Trains with a camera that learns, and without, as a ``ShardMaker``; a shard is a training.

    Attributes:
        adjusting: What workers are told beside the fits.
    """

    adjusting: AdjustJob

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Trains, and commits what came of it."""
        make_checkpoints(self.fits.output, record.fingerprint)
        fits = replace(self.fits, fingerprint=record.fingerprint)
        job = replace(self.adjusting, fits=fits, made_on=dict(record.made_on))
        stages = (Stage(AdjustStage, TRAINERS, (job, plan.has_gpus(TRAINERS))),)
        return Pipeline(FitTasks(tuple(shards)), stages, plan, verbose=self.cluster.verbose)

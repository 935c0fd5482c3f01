"""The trainings of a matrix as shards of a job: one a train view and split."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from raydrift.engine.data.fit_work import FitTasks
from raydrift.engine.data.pipeline import Pipeline, Stage
from raydrift.engine.data.train_work import TrainJob, TrainStage
from raydrift.engine.plan import TRAINERS, Demand, Plan, train_demands
from raydrift.engine.session import Resources
from raydrift.engine.view_fits import ViewFits
from raydrift.errors import PipelineError
from raydrift.storage.checkpoints import make_checkpoints
from raydrift.storage.record import JobRecord


@dataclass(frozen=True)
class ViewTrainings(ViewFits):
    """Trains a network on each view and split, as a ``ShardMaker``; a shard is a training.

    Attributes:
        training: What workers are told beside the fits.
    """

    training: TrainJob

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Trainers, on GPUs where there are some."""
        return train_demands(self.cluster, free)

    def check(self, plan: Plan, record: JobRecord) -> None:
        """Makes sure that networks are trained on the device that they were begun on.

        Raises:
            PipelineError: They would be trained on another.
        """
        begun, on_gpu = record.made_on.get("embeddings"), plan.has_gpus(TRAINERS)
        if begun is not None and begun.startswith("cuda") != on_gpu:
            now = "a GPU" if on_gpu else "a CPU, for no GPU is free"
            raise PipelineError(
                f"the first networks of this matrix were trained on {begun}, and the others would "
                f"be on {now}: use the device that it was begun on, or choose another output"
            )

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Trains and tests, and commits what was right."""
        make_checkpoints(self.fits.output, record.fingerprint)
        fits = replace(self.fits, fingerprint=record.fingerprint)
        job = replace(self.training, fits=fits, made_on=dict(record.made_on))
        stages = (Stage(TrainStage, TRAINERS, (job, plan.has_gpus(TRAINERS))),)
        return Pipeline(FitTasks(tuple(shards)), stages, plan, verbose=self.cluster.verbose)

"""Trainings of networks as shards of a job: one a kind or train view, and split."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from raydrift.engine.data.pipeline import Pipeline, Stage
from raydrift.engine.data.tasks import NumberedTasks
from raydrift.engine.data.training_stage import TrainingStage
from raydrift.engine.plan import TRAINERS, Demand, Plan, train_demands
from raydrift.engine.session import Resources
from raydrift.engine.view_fits import ViewFits
from raydrift.errors import PipelineError
from raydrift.storage.checkpoints import make_checkpoints
from raydrift.storage.record import JobRecord


@dataclass(frozen=True)
class Trainings(ViewFits):
    """Trains a network for each fit, as a ``ShardMaker``; a shard is a training.

    Attributes:
        stage: What trains.
        training: What workers are told, a ``TrainingJob``; its fits are those of the maker.
    """

    stage: type[TrainingStage]
    training: Any

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
                f"the first networks of this output were trained on {begun}, and the others would "
                f"be on {now}: use the device that it was begun on, or choose another output"
            )

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Trains, and commits what came of it."""
        make_checkpoints(self.fits.output, record.fingerprint)
        fits = replace(self.fits, fingerprint=record.fingerprint)
        job = replace(self.training, fits=fits, made_on=dict(record.made_on))
        stages = (Stage(self.stage, TRAINERS, (job, plan.has_gpus(TRAINERS))),)
        return Pipeline(NumberedTasks(tuple(shards)), stages, plan, verbose=self.cluster.verbose)

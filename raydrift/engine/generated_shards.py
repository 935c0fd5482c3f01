"""The shards of a run whose images a network makes: translated photographs, or new images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raydrift.engine.changes import changes_of_shards
from raydrift.engine.data.generated_work import GeneratedJob, GeneratedStage
from raydrift.engine.data.pipeline import Pipeline, Stage
from raydrift.engine.image_shards import ImageShards
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.plan import WORKERS, Demand, Plan, generate_demands
from raydrift.engine.session import Resources
from raydrift.storage.made_on import check_device
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow


@dataclass(frozen=True)
class GeneratedShards(ImageShards):
    """Makes the shards of a run with a network, as a ``ShardMaker``.

    Attributes:
        stage: What makes them.
        model: The content of the model's file.
        digest: Its SHA-256.
        network: Which of its generators makes the images.
        truncation: Of synthesized images.
        centred: Whether of each photograph the centre square is translated.
    """

    stage: type[GeneratedStage]
    model: bytes
    digest: str
    network: str
    truncation: float = 1.0
    centred: bool = False

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers, with a GPU each where there are any."""
        return generate_demands(self.cluster, free)

    def check(self, plan: Plan, record: JobRecord) -> None:
        """Makes sure that images are made on the device that they were begun on.

        Raises:
            PipelineError: They would be made on another.
        """
        check_device(record.made_on, plan.has_gpus(WORKERS), "images")

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Makes the shards' images, and commits the shards."""
        run = self.shard_job(record, centred=self.centred)
        job = GeneratedJob(run, self.digest, self.network, self.truncation)
        arguments = (job, self.model, plan.has_gpus(WORKERS))
        stages = (Stage(self.stage, WORKERS, arguments),)
        return Pipeline(self.tasks(shards), stages, plan, verbose=self.cluster.verbose)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:
        """Compares the files of those shards that were made by another listing."""
        return changes_of_shards(self.output, ledger, self.input_now)

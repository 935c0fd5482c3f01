"""The shards of a run whose images a network makes: translated photographs, or new images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raydrift.engine.changes import changes_of_shards
from raydrift.engine.data.generated_work import GeneratedJob, GeneratedStage
from raydrift.engine.data.pipeline import Pipeline, Stage
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.image_shards import ImageShards
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.plan import WORKERS, Demand, Plan, generate_demands
from raydrift.engine.session import Resources
from raydrift.errors import PipelineError
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
        begun, on_gpu = record.made_on.get("embeddings"), plan.has_gpus(WORKERS)
        if begun is not None and begun.startswith("cuda") != on_gpu:
            now = "a GPU" if on_gpu else "a CPU, for no GPU is free"
            raise PipelineError(
                f"the images of this run are made on {begun}, and would be made on {now}: "
                "use the device that it was begun on, or begin again with --overwrite"
            )

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Makes the shards' images, and commits the shards."""
        run = ShardJob(
            self.settings,
            self.catalog.root,
            self.output,
            record.fingerprint,
            record.versions,
            made_on=record.made_on,
            centred=self.centred,
        )
        job = GeneratedJob(run, self.digest, self.network, self.truncation)
        arguments = (job, self.model, plan.has_gpus(WORKERS))
        stages = (Stage(self.stage, WORKERS, arguments),)
        return Pipeline(self.tasks(shards), stages, plan, verbose=self.cluster.verbose)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:
        """Compares the files of those shards that were made by another listing."""
        return changes_of_shards(self.output, ledger, self.input_now)

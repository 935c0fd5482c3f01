"""The batches of a measurement: originals and their drifted copies, side by side in the network."""

import pickle
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.embed.weights import Weights, find_weights
from raydrift.engine.data.measure_stage import (
    CommitMeasures,
    MeasureStage,
    SendMeasures,
    measure_stages,
)
from raydrift.engine.data.measured import Chain, LevelBatch, MeasureJob, MeasureViewsJob
from raydrift.engine.data.pipeline import Pipeline, run_pipeline
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.tasks import run_samples
from raydrift.engine.image_shards import ImageShards
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.needs import transforms_on_gpu
from raydrift.engine.plan import Demand, Plan, measure_demands
from raydrift.engine.session import Resources, connect
from raydrift.engine.waiting import plan_when_free
from raydrift.paths import StoragePath
from raydrift.schedules.schedule import Schedule
from raydrift.schedules.where import Masks
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.image_sets import twinned
from raydrift.storage.made_on import check_made_on
from raydrift.storage.record import JobRecord, installed_versions
from raydrift.storage.shards import LedgerRow
from raydrift.tasks.task import Task

Result = TypeVar("Result")


@dataclass(frozen=True)
class MeasuredBatches(ImageShards):
    """Measures a run's samples batch by batch: as a ``ShardMaker``, or straight to the driver.

    An image is read, decoded and embedded once, and once more drifted by each schedule. A sample's
    drift is what ``generate`` would write: it comes from the seed, the position in the chain and
    the sample id.

    Attributes:
        weights: The weights of the network.
        schedules: Each makes a drifted copy of every image.
        measure: What the workers make of each batch; a table where a job commits it.
        task: What is asked of the user's model about each image and each copy; None: nothing.
    """

    weights: Weights
    schedules: tuple[Schedule, ...]
    measure: Callable[[Any], Any] = LevelBatch.table
    task: Task | None = None

    @classmethod
    def of(
        cls,
        settings: GenerateSettings,
        catalog: Catalog,
        chains: Sequence[Chain] | None = None,
        weights: Weights | None = None,
    ) -> Self:
        """What is measured of a run.

        Args:
            settings: The run's settings.
            catalog: The input.
            chains: Transforms to drift every sample by, ``()`` for none: one chain a level,
                instead of the run's own drifts. None: one copy, which gets what is in force on
                the sample in the run.
            weights: The weights of the network, if they were found already.

        Raises:
            SettingsError: More samples are asked for than the input has, or there are no twins.
            WeightsError: The network's weights cannot be found.
        """
        schedules: tuple[Schedule, ...]
        where: Masks = ()
        if chains is None:
            settings.check_keeps_images("a measurement")
            stream = Stream.of(settings, catalog)
            schedules, where = (stream.schedule,), stream.where
        else:
            schedules = tuple(Schedule(settings.seed, tuple(chain)) for chain in chains)
        infos = (info for schedule in schedules for info in schedule.infos)
        catalog = twinned(catalog, settings, infos)
        if weights is None:
            name = settings.embedding.weights
            weights = find_weights(name, settings.seed, settings.options_of("weights"))
        samples, _ = run_samples(settings, catalog)
        embedding = replace(settings.embedding, compute=True)
        settings = replace(settings, num_samples=samples, embedding=embedding)
        output = StoragePath.of(settings.output, settings.options_of("output"))
        catalog = replace(catalog, columns=None)  # workers have no use for them
        size = settings.embedding.batch_size
        return cls(settings, catalog, output, samples, size, where, weights, schedules)

    def committed(self, output: StoragePath, measure: Callable[[Any], pa.Table]) -> Self:
        """The same as the work of a job in a folder, whose shards have what is measured."""
        return replace(self, output=output, measure=measure)

    @property
    def reads_masks(self) -> bool:
        """Whether workers read masks: the user's model may be asked about pixels."""
        return self.task is not None

    @property
    def told(self) -> MeasureJob | MeasureViewsJob:
        """What the workers are told of what is measured."""
        return MeasureJob(self.schedules, self.measure)

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Embedders that do all of it where there are GPUs, else workers."""
        gpu_for = transforms_on_gpu(self.settings, self.schedules)
        return measure_demands(self.cluster, free, gpu_for)

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Measures the batches, and commits what comes of it."""
        of_run = (record.fingerprint, record.versions, record.made_on)
        return self._pipeline(shards, plan, CommitMeasures, *of_run)

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:
        """Batches of files that were written again, with the same content or another."""
        now = self.input_now.listing
        other = {shard for shard, row in ledger.items() if row.listing != now[shard]}
        files = sum(ledger[shard].asked for shard in other)
        return InputChanges(files, other, compared=False)

    def results(self, quiet: bool = False) -> Generator[Any]:
        """Measures without a job: what ``measure`` says of each batch, as it is done, in any order.

        Only that comes to the driver, not the embeddings, of which a million images have 4 GB a
        level.

        Args:
            quiet: Say nothing while it waits for a cluster.
        """
        count = -(-self.samples // self.size)
        connect(self.cluster)
        plan = plan_when_free(self.cluster, self.demands, count, quiet)
        pipeline = self._pipeline(range(count), plan, SendMeasures, "", installed_versions(), {})
        with closing(run_pipeline(pipeline)) as rows:
            made_on: dict[str, str] = {}
            for row in rows:
                check_made_on(made_on, row["made_on"], row["host"], kept=False)
                made_on = row["made_on"]
                yield pickle.loads(row["result"])  # noqa: S301  (of a worker of ours)

    def _pipeline(
        self,
        shards: Sequence[int],
        plan: Plan,
        actor: type[MeasureStage],
        fingerprint: str,
        versions: Mapping[str, str],
        made_on: Mapping[str, str],
    ) -> Pipeline:
        job = ShardJob(
            self.settings, self.catalog.root, self.output, fingerprint, versions, made_on=made_on
        )
        if self.reads_masks:
            job = replace(job, masks=self.catalog.masks)
        if self.catalog.twins is not None:
            job = replace(job, twins=self.catalog.twins.root, schedules=self.schedules)
        stages = measure_stages(actor, job, self.told, plan, self.weights, self.task)
        return Pipeline(self.tasks(shards), stages, plan, verbose=self.cluster.verbose)


def as_it_is(batch: LevelBatch) -> LevelBatch:
    """Measures nothing: the embeddings themselves are asked for."""
    return batch


def level_batches(
    settings: GenerateSettings,
    catalog: Catalog,
    chains: Sequence[Chain] | None = None,
    quiet: bool = False,
) -> Generator[LevelBatch]:
    """Embeds each sample of a run as it is, and drifted by each of some chains; writes nothing.

    Args:
        settings: As for ``MeasuredBatches.of``.
        catalog: The input.
        chains: As there.
        quiet: Say nothing while it waits for a cluster.

    Yields:
        The batches as they are done, in any order. One of images that cannot be used does not
        come.
    """
    measured = replace(MeasuredBatches.of(settings, catalog, chains), measure=as_it_is)
    with closing(measured.results(quiet)) as batches:
        for batch in batches:
            if batch.sample_ids:
                yield batch

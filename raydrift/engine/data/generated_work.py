"""The work on one shard of generated images: a network makes each, and the shard is committed."""

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from raydrift import schemas
from raydrift.drift.written import as_text
from raydrift.engine.data.committing import committed, failing_as_worker
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.failures import failure_row
from raydrift.engine.data.gathered import PngColumn
from raydrift.engine.data.part_samples import ROWS_AT_ONCE, PartSamples, with_images
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shard_work import ShardJob, ShardPart, commit_shard
from raydrift.engine.data.shipping import fetched
from raydrift.errors import RaydriftError
from raydrift.images.pixels import rgb_of
from raydrift.storage.made_on import check_made_on

if TYPE_CHECKING:
    from raydrift.gan.sampling import ImageMaker

TRANSLATE: Final = "translate"
SYNTHESIZE: Final = "synthesize"
"""The type of the one step in an image's provenance."""

_MADE: Final = "generated images"


@dataclass(frozen=True)
class GeneratedJob:
    """What every worker is told once, beside the model.

    Attributes:
        run: The run.
        digest: The model's.
        network: Which of its generators makes the images.
        truncation: Of synthesized images.
    """

    run: ShardJob
    digest: str
    network: str
    truncation: float = 1.0


class GeneratedStage(ABC):
    """Makes the images of a shard with a network, and commits the shard.

    The model is loaded at the first shard, so that what is wrong with it is an error, and not a
    dead actor.
    """

    def __init__(self, job: Any, model: Any, on_gpu: Any) -> None:
        self._job: GeneratedJob = fetched(job)
        self._model: bytes = fetched(model)
        self._device = "cuda" if fetched(on_gpu) else "cpu"
        self._made: ImageMaker | None = None

    def __call__(self, row: pa.Table) -> pa.Table:
        """Takes a shard's row; returns its ledger row."""
        tasks, run = table_of(row), self._job.run
        shard = tasks["shard"][0].as_py()
        try:
            with failing_as_worker():
                maker = self._maker()
        except RaydriftError as error:
            return failure_row(error)
        return committed(run.output, lambda: commit_shard(run, shard, self.parts(tasks, maker)))

    @abstractmethod
    def parts(self, tasks: pa.Table, maker: "ImageMaker") -> Iterator[ShardPart]:
        """The samples of a shard with their images, some at a time."""

    def _maker(self) -> "ImageMaker":
        """The network, on a kind of machine that makes the bytes of the run."""
        if self._made is None:
            from raydrift.gan.sampling import ImageMaker

            job = self._job
            self._made = ImageMaker(self._model, job.network, self._device)
        begun = self._job.run.made_on.get("embeddings", self._made.platform)
        check_made_on({_MADE: begun}, {_MADE: self._made.platform}, socket.gethostname())
        return self._made


class TranslateStage(GeneratedStage):
    """Translates the images of a shard."""

    def __init__(self, job: Any, model: Any, on_gpu: Any) -> None:
        super().__init__(job, model, on_gpu)
        self._drifter = Drifter(self._job.run)

    def parts(self, tasks: pa.Table, maker: "ImageMaker") -> Iterator[ShardPart]:
        """Reads, decodes, translates and encodes."""
        with failing_as_worker():
            for samples in self._drifter.samples(tasks, ROWS_AT_ONCE):
                yield self._part(samples, maker)

    def _part(self, samples: PartSamples, maker: "ImageMaker") -> ShardPart:
        pngs, spent = PngColumn(len(samples)), 0.0
        steps: list[list[dict[str, Any]]] = []
        for _, decoded in samples:
            if decoded is None:
                pngs.add(None)
                steps.append([])
                continue
            before = time.perf_counter()
            translated = maker.translate(rgb_of(decoded, "the network"))
            spent += time.perf_counter() - before
            pngs.add(translated)
            steps.append([_step(self._job, TRANSLATE, 1.0, {})])
        table = with_images(samples.table(spent), pngs.finish())
        table = _explained(table, steps, f"translated {self._job.network}", 1.0)
        return ShardPart(table, embed_seconds=spent, embedded_on=maker.platform)


class SynthesizeStage(GeneratedStage):
    """Makes the images of a shard from latents; a sample's path is the key of its latent."""

    def parts(self, tasks: pa.Table, maker: "ImageMaker") -> Iterator[ShardPart]:
        """Draws the latents, makes the images and encodes them."""
        for start in range(0, tasks.num_rows, ROWS_AT_ONCE):
            yield self._part(tasks.slice(start, ROWS_AT_ONCE), maker)

    def _part(self, tasks: pa.Table, maker: "ImageMaker") -> ShardPart:
        run = self._job.run
        samples = PartSamples(run.settings, tasks, iter(()))
        pngs, spent = PngColumn(len(samples)), 0.0
        steps: list[list[dict[str, Any]]] = []
        for key in tasks["source_path"].to_pylist():
            class_name, number = latent_key(key)
            before = time.perf_counter()
            pixels = maker.synthesize(run.settings.seed, class_name, number, self._job.truncation)
            spent += time.perf_counter() - before
            pngs.add(pixels)
            samples.take_made()
            facts = {"class": class_name, "latent": number, "seed": run.settings.seed}
            facts["truncation"] = self._job.truncation
            steps.append([_step(self._job, SYNTHESIZE, 0.0, facts)])
        table = with_images(samples.table(spent), pngs.finish())
        table = _explained(table, steps, "synthesized", 0.0)
        return ShardPart(table, embed_seconds=spent, embedded_on=maker.platform)


def latent_key(path: str) -> tuple[str, int]:
    """The class and the number of a latent, of the path that stands for it.

    >>> latent_key("shoes/00000012")
    ('shoes', 12)
    """
    class_name, _, number = path.rpartition("/")
    return class_name, int(number)


def _step(job: GeneratedJob, kind: str, level: float, facts: dict[str, Any]) -> dict[str, Any]:
    parameters = as_text({"model": job.digest, **facts})
    return {"type": kind, "level": level, "kernel": job.network, "parameters": parameters}


def _explained(
    table: pa.Table, steps: Sequence[list[dict[str, Any]]], reason: str, level: float
) -> pa.Table:
    """The samples with what was done to each, as ``schemas.PROVENANCE`` has it."""
    count = table.num_rows
    for name, column in {
        "transforms": pa.array(steps, schemas.TRANSFORMS),
        "drifted": pa.array([level > 0] * count),
        "level": pa.array([level] * count),
        "reason": pa.array([reason] * count, pa.string()),
    }.items():
        table = table.append_column(name, column)
    return table

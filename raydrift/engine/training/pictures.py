"""The pictures of a training: decoded once, by Ray Data, and kept as pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import pyarrow as pa
from pyarrow import fs

from raydrift.catalog import Catalog
from raydrift.catalog.value_range import with_value_range
from raydrift.embed.weights import find_weights
from raydrift.engine.data.kept_images import KeepImagesJob, kept_table
from raydrift.engine.data.measure_stage import CommitMeasures, measure_stages
from raydrift.engine.data.pipeline import Pipeline
from raydrift.engine.identity import run_identity, shown
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.measured_batches import MeasuredBatches
from raydrift.engine.measuring_job import MeasuringJob
from raydrift.engine.plan import Demand, Plan, drift_demands
from raydrift.engine.session import Resources
from raydrift.engine.training.mapped import MappedPictures, Rows
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.validate import CROP
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.record import JobRecord
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import LedgerRow, Rejected, remove_shards
from raydrift.storage.training_pictures import FACTS, PictureShards, facts_of

_SHARD_BYTES: Final = 32 * 2**20
_MOST: Final = 128  # pictures a shard: a small input has some for every worker


@dataclass(frozen=True)
class Domain:
    """A domain of images that networks are trained on.

    Attributes:
        name: ``source``, ``target`` or ``images``.
        run: Its input, with the image size in which pictures are to be kept.
        catalog: The listing of the input.
    """

    name: str
    run: GenerateSettings
    catalog: Catalog


@dataclass(frozen=True, eq=False)
class KeptImages:
    """What came of a domain.

    Attributes:
        name: The domain's.
        facts: A row a usable image, in the order of the catalog's table: ``path``, ``class_name``,
            ``width``, ``height`` (of the image in its file, upright), ``grey``, ``deviation`` (the
            standard deviation of its pixels, grey levels) and ``content_crc``.
        rejected: The other images.
        remarks: On the usable ones.
        notes: What is odd about the input, in plain sentences.
        shards: Where the pixels are, of all pictures.
        rows: Which of those the facts are of, in order; None: all.
    """

    name: str
    facts: pa.Table
    rejected: tuple[Rejected, ...]
    remarks: tuple[Remark, ...]
    notes: tuple[str, ...]
    shards: PictureShards
    rows: Rows | None = None

    def __len__(self) -> int:
        return int(self.facts.num_rows)

    def chosen(self, rows: Rows) -> Self:
        """Some of the pictures, by their rows in the facts."""
        own = rows if self.rows is None else self.rows[rows]
        return replace(self, facts=self.facts.take(pa.array(rows)).combine_chunks(), rows=own)

    def mapped(self) -> MappedPictures:
        """The pixels, mapped; see ``PictureShards.mapped``."""
        return MappedPictures(self.shards.mapped(), self.rows)


@dataclass(frozen=True)
class KeptDomain(MeasuredBatches):
    """Decodes the images of a domain, and keeps their pixels, as a ``ShardMaker``.

    Attributes:
        channels: 3, or 1: they are made grey.
        centred: Whether the centre square of each image is kept, instead of all of it.
    """

    channels: int = 3
    centred: bool = False

    @classmethod
    def of_domain(cls, run: GenerateSettings, catalog: Catalog, channels: int, fit: str) -> Self:
        """What is kept of a domain.

        Args:
            run: Its settings; images are taken in the order of the catalog.
            catalog: The input.
            channels: 3 or 1.
            fit: ``stretch`` or ``crop``.
        """
        weights = find_weights("random", run.seed, {})  # which nothing asks for
        kept = cls.of(run, catalog, weights=weights)
        one = run.image.height * run.image.width * channels
        size = min(_MOST, max(1, _SHARD_BYTES // one))
        return replace(kept, size=size, channels=channels, centred=fit == CROP)

    @property
    def reads_masks(self) -> bool:
        """Nobody asks for masks."""
        return False

    @property
    def told(self) -> KeepImagesJob:
        """What the workers are told."""
        return KeepImagesJob((), self.measure, self.channels)

    def demands(self, free: Resources) -> Sequence[Demand]:
        """Workers."""
        return drift_demands(self.cluster, free, embed=False)

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """Decodes the images, and commits the shards."""
        job = self.shard_job(record, centred=self.centred)
        stages = measure_stages(CommitMeasures, job, self.told, plan, self.weights)
        return Pipeline(self.tasks(shards), stages, plan, verbose=self.cluster.verbose)


def keep_pictures(
    domains: Sequence[Domain],
    folder: StoragePath,
    lock: OutputLock,
    clock: Clock,
    *,
    channels: int,
    fit: str,
    quiet: bool = False,
) -> list[KeptImages]:
    """Decodes the images of each domain, or what is missing of them.

    Stopped, it goes on where it was. Images that cannot be used, and those whose pixels are all
    alike, are rejected: it is for the caller to say how many may be.

    Args:
        domains: The domains, whose names differ.
        folder: A working folder for this alone; a folder in it for each domain.
        lock: The lock of a folder above it.
        clock: What the seconds are counted by.
        channels: 3, or 1: the luma of each image is kept.
        fit: ``stretch``: images are resized to exactly their size. ``crop``: the centre square is.
        quiet: Show no progress.

    Returns:
        What came of each domain. Its pixels are in the folder until ``remove_pictures``.

    Raises:
        OutputError: The folder cannot be written.
        LockedError: Another run has taken it over.
        ResourcesError: Ray has too few CPUs.
        PipelineError: A worker failed, or the input cannot be reached.
    """
    kept = []
    for domain in domains:
        place = folder / domain.name
        place.create()
        kept.append(_kept(domain, place, lock, clock, channels, fit, quiet))
    clock.end_phase("decode")
    return kept


def remove_pictures(folder: StoragePath) -> None:
    """Deletes the pictures of all domains; the working folder too, if nothing else is in it."""
    if folder.info().type != fs.FileType.Directory:
        return
    for info in folder.entries():
        if not info.is_file:
            place = folder / info.base_name
            remove_shards(place)
            (place / layout.RUN).delete()
            place.delete_if_empty()
    folder.delete_if_empty()


def _kept(
    domain: Domain,
    folder: StoragePath,
    lock: OutputLock,
    clock: Clock,
    channels: int,
    fit: str,
    quiet: bool,
) -> KeptImages:
    run = replace(domain.run, num_samples=None, start=0, shuffle=False)
    run = replace(run, embedding=replace(run.embedding, compute=False))
    run, ranges = with_value_range(run, domain.catalog)
    maker = KeptDomain.of_domain(run, domain.catalog, channels, fit).committed(folder, kept_table)
    job = MeasuringJob(
        folder,
        _identity(run, domain.catalog, channels, fit),
        shown(run),
        maker,
        lock,
        clock,
        quiet,
        what=(f"images of {domain.name}" if domain.name != "images" else "images", "image"),
        doing="decoding",
    )
    shape = (run.image.height, run.image.width, channels)
    rows, tables, rejected, remarks = job.finish(lambda rows: read_facts(job, rows))
    return KeptImages(
        domain.name,
        facts_of(tables),
        rejected,
        remarks,
        (*domain.catalog.notes, *ranges),
        PictureShards(folder, rows, shape),
    )


def _identity(run: GenerateSettings, catalog: Catalog, channels: int, fit: str) -> dict[str, Any]:
    """All that the pictures depend on, as plain values."""
    identity = run_identity(run, len(catalog), catalog.digest(), None)
    return identity | {"classes": dict(catalog.labels), "channels": channels, "fit": fit}


def read_facts(
    job: MeasuringJob, rows: list[LedgerRow]
) -> tuple[tuple[LedgerRow, ...], list[pa.Table], tuple[Rejected, ...], tuple[Remark, ...]]:
    """The shards, their facts, and what is told of their images.

    The pixels of one shard at a time are in memory.
    """
    tables: list[pa.Table] = []
    rejected: list[Rejected] = []
    remarks: list[Remark] = []

    def take(table: pa.Table, left_out: list[Rejected], said: tuple[Remark, ...]) -> None:
        tables.append(table.select(FACTS.names))
        rejected.extend(left_out)
        remarks.extend(said)

    for row in rows:
        job.read(row, take)
    return tuple(rows), tables, tuple(rejected), tuple(remarks)

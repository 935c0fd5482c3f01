"""The work on one shard, as plain functions: read, drift, embed, commit.

Between the stages a shard is a table with one row for every sample that was asked for, the rejected
ones too, so that no shard is ever empty on its way.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from isal import isal_zlib

from raydrift import schemas
from raydrift.drift import SampledTransform
from raydrift.drift.inputs import inputs_of
from raydrift.drift.written import as_text, written
from raydrift.engine.data.committing import TimedParts, new_row
from raydrift.engine.data.companions import (
    CompanionReader,
    Decoder,
    TwinsWanted,
    meant_of,
)
from raydrift.engine.data.gathered import PixelStack, PngColumn
from raydrift.engine.data.part_samples import (
    REMARKS,
    SECONDS,
    STARTED,
    PartSamples,
    samples_in_parts,
    with_images,
    with_masks,
)
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_images import source_files
from raydrift.errors import PipelineError
from raydrift.images.codec import decode_image
from raydrift.images.pixels import RGB, Array, Sample
from raydrift.paths import StoragePath
from raydrift.schedules.schedule import SampleDrift, Schedule
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.remarks import RemarkCount
from raydrift.storage.shards import LedgerRow, Rejected, commit, write_samples
from raydrift.storage.tar_members import samples_size


@dataclass(frozen=True)
class ShardJob:
    """What every worker is told once: the settings, and where things are.

    Attributes:
        settings: The run's settings.
        source: Where the catalog's paths start from.
        output: The run's folder.
        fingerprint: The run's.
        versions: The versions of the packages that the run is made with.
        schedule: What happens to each sample; None: the settings' transforms to every one.
        made_on: The kinds of machines that the run's first shard was made on, if there is one.
        masks: Where the masks' paths start from; None: samples have none.
        centred: Whether the centre square of each photograph is taken, instead of all of it.
        twins: Where the twins' places start from; None: samples have none.
        sets: By drift, where the images start from that replace others.
        schedules: What happens to samples, where the worker makes several copies of each; empty:
            ``schedule`` alone.
    """

    settings: GenerateSettings
    source: StoragePath
    output: StoragePath
    fingerprint: str
    versions: Mapping[str, str]
    schedule: Schedule | None = None
    made_on: Mapping[str, str] = field(default_factory=dict)
    masks: StoragePath | None = None
    centred: bool = False
    twins: StoragePath | None = None
    sets: tuple[StoragePath | None, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    @property
    def twins_wanted(self) -> TwinsWanted:
        """Which samples are blended with their twins."""
        return TwinsWanted(self.settings.profile, self.schedules or (self._schedule,))

    @property
    def _schedule(self) -> Schedule:
        return self.schedule or Schedule(self.settings.seed, self.settings.transforms)

    def drifts(self, tasks: pa.Table) -> SampleDrift:
        """What happens to the samples of a shard (``schemas.TASK``)."""
        return self._schedule.samples(tasks["sample_id"].to_numpy(), meant_of(tasks))


@dataclass(frozen=True)
class ShardPart:
    """Some samples of a shard, ready to be committed.

    Attributes:
        table: What ``drift_shard`` made of them.
        embeddings: float64 of shape (n, 512), a row for every row of the table; None: none.
        embed_seconds: What they took.
        embedded_on: The kind of machine that they were made on.
    """

    table: pa.Table
    embeddings: npt.NDArray[np.float64] | None = None
    embed_seconds: float = 0.0
    embedded_on: str = ""


def drift_shard(
    job: ShardJob,
    tasks: pa.Table,
    keep_pixels: bool,
    reader: Reader,
    decoder: Decoder = decode_image,
    rows: int | None = None,
    companions: Sequence[CompanionReader] = (),
) -> Iterator[tuple[pa.Table, Array | None]]:
    """Reads, decodes, drifts and encodes one shard's images, part by part.

    Args:
        job: The run.
        tasks: One row a sample (``schemas.TASK``).
        keep_pixels: Whether the drifted pixels are returned beside their PNGs.
        reader: What reads the images.
        decoder: What decodes them.
        rows: The rows of a part, whose PNGs are in memory at a time; None: there is one part.
        companions: What reads the masks, and the twins.

    Yields:
        The tasks with ``file_name``, ``image``, ``transforms``, ``drifted``, ``level``,
        ``reason``, ``pixels_on``, ``profile``, of raw files ``camera``, ``mask``, ``remarks``,
        ``content_crc``, and for the rejected ones ``stage``, ``error`` and ``passing``; and the
        pixels, uint8 of shape (n, height, width, 3) where the images' readers do not say otherwise,
        black where rejected.

    Raises:
        PipelineError: A transform failed, the pixels of an image cannot be a PNG, or those that are
            kept are not alike.
    """
    for samples in samples_in_parts(
        job.settings, tasks, reader, decoder, rows, companions, job.sets
    ):
        yield _drift_part(job, samples, keep_pixels)


def _drift_part(
    job: ShardJob, samples: PartSamples, keep_pixels: bool
) -> tuple[pa.Table, Array | None]:
    settings, tasks, inputs = job.settings, samples.tasks, inputs_of(job.settings)
    pixels = PixelStack(tasks.num_rows) if keep_pixels else None
    pngs = PngColumn(tasks.num_rows)
    masks = None if job.masks is None else PngColumn(tasks.num_rows)
    chains: list[list[SampledTransform]] = []
    cameras: list[str | None] = []
    drifts = job.drifts(tasks)
    of_samples = zip(samples, drifts.chains(), draw_keys(tasks), strict=True)
    for place, ((sample_id, decoded), transforms, key) in enumerate(of_samples):
        if decoded is None:
            pngs.add(None)
            if masks is not None:
                masks.add(None)
            chains.append([])
            cameras.append(None)
            continue
        drifted, drawn = inputs.drifted(decoded, transforms, *key)
        try:
            if pixels is not None:
                pixels.put(place, drifted.pixels)
            pngs.add(drifted.pixels)
            if masks is not None:
                masks.add(drifted.mask)
        except TypeError as error:
            raise PipelineError(f"sample {sample_id}: {error}") from None
        chains.append(drawn)
        cameras.append(None if settings.raw is None else as_text(drifted.facts))
    table = with_images(samples.table(), pngs.finish())
    if masks is not None:
        table = with_masks(table, masks.finish())
    if settings.raw is not None:
        table = table.append_column(schemas.CAMERA, pa.array(cameras, schemas.CAMERA.type))
    if any(job.sets):
        sources = source_files(tasks, job.sets)
        names = [None if isinstance(one, str) else str(one) for one in sources]
        table = table.append_column(schemas.REPLACED_BY, pa.array(names, pa.string()))
    table = table.append_column("transforms", pa.array(map(written, chains), schemas.TRANSFORMS))
    table = table.append_column("drifted", pa.array(drifts.levels > 0))
    table = table.append_column("level", pa.array(drifts.levels))
    table = table.append_column("reason", pa.array(drifts.reasons(), pa.string()))
    shape = (settings.image.height, settings.image.width, 3)
    return table, None if pixels is None else pixels.finish(shape)


def put_drifted(
    job: ShardJob,
    tasks: pa.Table,
    originals: Iterable[Sample],
    drifted: RGB,
    masks: Array | None = None,
) -> SampleDrift:
    """Drifts the images of some samples, each into its place.

    Args:
        job: What the worker is told.
        tasks: A row a sample (``schemas.TASK``).
        originals: Of each sample the image as it is, uint8 RGB, or the mosaic of a raw file; they
            are left alone.
        drifted: Takes the drifted images, of the same shape.
        masks: Takes their masks, (n, height, width); None: they have none.

    Returns:
        What happened to the samples.
    """
    drifts, inputs = job.drifts(tasks), inputs_of(job.settings)
    chains = zip(draw_keys(tasks), drifts.chains(), strict=True)
    for place, ((key, chain), original) in enumerate(zip(chains, originals, strict=True)):
        sample = inputs.drifted(original, chain, *key)[0]
        drifted[place] = sample.pixels
        if masks is not None:
            masks[place] = sample.mask
    return drifts


def draw_keys(tasks: pa.Table) -> list[tuple[int, int]]:
    """What keys the draws of some samples: a number and an epoch of each.

    Args:
        tasks: A row a sample (``schemas.TASK``).
    """
    ids, epochs = (tasks[field.name] for field in schemas.COPY)
    keys = pc.coalesce(ids, tasks["sample_id"]).to_pylist()
    return list(zip(keys, epochs.fill_null(0).to_pylist(), strict=True))


def commit_shard(job: ShardJob, shard: int, parts: Iterable[ShardPart]) -> LedgerRow:
    """Writes and commits an attempt at a shard, each part before the next one is asked for.

    Args:
        job: The run.
        shard: The shard's number.
        parts: Its samples, in order.

    Returns:
        The shard's ledger row.
    """
    clock, made, timed = time.perf_counter(), Made(job), TimedParts(parts)
    attempt = layout.new_attempt()
    tables = (made.add(part) for part in timed)
    size, crc32 = write_samples(job.output, shard, attempt, made.schema, tables)
    row = made.row(
        shard,
        job.fingerprint,
        attempt=attempt,
        size=size,
        crc32=crc32,
        write_seconds=time.perf_counter() - clock - timed.seconds,
    )
    commit(job.output, row, made.rejected)
    return row


class Made:
    """What the ledger tells of a shard's parts, added up as they are written.

    Args:
        job: What the worker is told.
    """

    def __init__(self, job: ShardJob) -> None:
        settings, self._has_masks = job.settings, job.masks is not None
        raw, embeddings = settings.raw is not None, settings.embedding.compute
        copies = settings.copies is not None
        self.schema = schemas.shard(embeddings, raw, self._has_masks, copies, any(job.sets))
        self._for_tar = settings.write.container == "webdataset"  # it takes some time
        self.started = 0.0
        self.pixels_on = self.embedded_on = ""
        self.listing = 0
        self.rejected: list[Rejected] = []
        self.remarks = RemarkCount()
        self.totals: dict[str, Any] = {}

    def add(self, part: ShardPart) -> pa.Table:
        """Takes a part; returns what is written of it."""
        table = part.table
        if part.embeddings is not None:
            kind = self.schema.field("embedding").type
            flat = pa.array(np.ascontiguousarray(part.embeddings).reshape(-1))
            embeddings = pa.FixedSizeListArray.from_arrays(flat, type=kind)
            table = table.append_column("embedding", embeddings)
        fine = pc.is_null(table["error"])
        kept = table if pc.all(fine).as_py() else table.filter(fine)  # a filter copies
        written = kept.select(self.schema.names).cast(self.schema)
        self.rejected += _rejected(table.filter(pc.invert(fine)))
        self.remarks.add_images(table["source_path"], table[REMARKS])
        counts = {
            "asked": table.num_rows,
            "written": written.num_rows,
            "interrupted": pc.sum(table["passing"]).as_py(),
            "content_bytes": png_bytes(written["image"]),
            "names_size": pc.sum(pc.binary_length(written["file_name"])).as_py() or 0,
            "embed_seconds": part.embed_seconds,
        }
        counts |= {name: table[name][0].as_py() for name in SECONDS}
        if self._has_masks:
            counts["mask_bytes"] = png_bytes(written["mask"])
        if self._for_tar:
            counts["tar_size"] = samples_size(written)
        for name, value in counts.items():
            self.totals[name] = self.totals.get(name, 0) + value
        self.started = self.started or table[STARTED][0].as_py()
        self.listing = isal_zlib.crc32(table["file_state"].to_numpy(), self.listing)
        self.pixels_on, self.embedded_on = table["pixels_on"][0].as_py(), part.embedded_on
        return written

    def row(self, shard: int, fingerprint: str, **file: Any) -> LedgerRow:
        """The ledger row of the shard.

        Args:
            shard: Its number.
            fingerprint: The fingerprint of its run.
            file: What is known of its file: the attempt, its bytes, the seconds of writing.
        """
        return new_row(
            shard,
            fingerprint,
            self.rejected,
            pixels_on=self.pixels_on,
            embedded_on=self.embedded_on,
            listing=self.listing,
            remarks=self.remarks.listed,
            started=self.started,
            **file,
            **self.totals,
        )


def png_bytes(images: pa.ChunkedArray) -> int:
    """The bytes of the PNGs of a column (``schemas.IMAGE``)."""
    return pc.sum(pc.binary_length(pc.struct_field(images, "bytes"))).as_py() or 0


def _rejected(table: pa.Table) -> list[Rejected]:
    names = ["sample_id", "source_path", "stage", "error", "content_crc"]
    return [Rejected(*row.values()) for row in table.select(names).to_pylist()]

"""What an actor that makes pixels keeps from shard to shard: its reader, and what decodes."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pyarrow as pa

from raydrift.drift.inputs import inputs_of
from raydrift.drift.platform import pixel_platform
from raydrift.engine.data.companions import CompanionReader, Decoder, MaskReader, TwinReader
from raydrift.engine.data.kept_mosaics import KeptMosaics
from raydrift.engine.data.part_samples import PartSamples, samples_in_parts
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.restarted import was_restarted
from raydrift.engine.data.shard_images import shard_images
from raydrift.engine.data.shard_work import ShardJob, drift_shard
from raydrift.errors import ImageError, PipelineError
from raydrift.images.centred import Centred
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, decode_in_time
from raydrift.images.isolated_masks import IsolatedMaskDecoder, decode_mask_in_time
from raydrift.images.pixels import RGB, Array, Sample, Twin, rgb_of
from raydrift.images.raw.decoder import RawDecoder
from raydrift.storage.made_on import check_made_on
from raydrift.storage.record import PIXEL_PACKAGES, RAW_PACKAGES, other_version
from raydrift.storage.remarks import Remark, RemarkCount
from raydrift.storage.shards import Rejected

Part = tuple[pa.Table, Array | None]
"""Drifted samples of a shard, and their pixels where they are kept."""


@dataclass(frozen=True)
class Taken:
    """What became of the images of a shard.

    Attributes:
        rows: The rows of the usable ones in the shard's table.
        rejected: The others.
        interrupted: How many of those could not be read for a reason that may pass.
        remarks: On the usable ones.
        read_seconds: Waited for input.
        decode_seconds: For the rest, and for what was done with them.
        content_crcs: CRC-32 of the file of each usable one.
    """

    rows: list[int]
    rejected: tuple[Rejected, ...]
    interrupted: int
    remarks: tuple[Remark, ...]
    read_seconds: float
    decode_seconds: float
    content_crcs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Originals:
    """The images of a shard as they are.

    Attributes:
        taken: What became of them.
        pixels: Those of the usable ones, uint8 of shape (n, height, width, 3); of raw files the
            reference development.
        masks: Theirs, (n, height, width); None: they have none, or nobody asks for them.
        mosaics: Of raw files what they were developed from; None: they are photographs.
        twins: What they are blended with; None where that is nothing.
    """

    taken: Taken
    pixels: RGB
    masks: Array | None
    mosaics: "KeptMosaics | None"
    twins: Sequence[Twin | None]

    @property
    def samples(self) -> Iterator[Sample]:
        """What drifts: the images, or the mosaics."""
        if self.mosaics is not None:
            return iter(self.mosaics)
        masks = repeat(None) if self.masks is None else iter(self.masks)
        whole = zip(self.pixels, masks, self.twins, strict=False)
        return (Sample(pixels, mask=mask, twin=twin) for pixels, mask, twin in whole)


class Drifter:
    """What an actor that makes pixels keeps: its reader, and what decodes."""

    def __init__(self, job: ShardJob) -> None:
        self._job = job
        image = job.settings.image
        self._inputs = inputs_of(job.settings)
        self._reader = Reader(job.source, image.max_bytes, image.max_memory)
        raw = job.settings.raw
        decoder = Centred(_decoder()) if job.centred else _decoder()
        self._decoder = decoder if raw is None else RawDecoder(raw)
        self._companions: list[CompanionReader] = []
        if job.masks is not None:
            self._companions.append(MaskReader(job.masks, image, _mask_decoder()))
        if job.twins is not None:
            twins = TwinReader(job.twins, image, job.twins_wanted, self._decoder)
            self._companions.append(twins)
        needed = PIXEL_PACKAGES if raw is None or raw.is_declared else PIXEL_PACKAGES + RAW_PACKAGES
        self._other = other_version(needed, job.versions)

    def drift(self, tasks: pa.Table, keep_pixels: bool, rows: int | None = None) -> Iterator[Part]:
        """Drifts a shard, see ``drift_shard``."""
        self._check()
        job, reader, decoder = self._job, self._reader, self._decoder
        return drift_shard(job, tasks, keep_pixels, reader, decoder, rows, self._companions)

    def samples(self, tasks: pa.Table, rows: int) -> Iterator[PartSamples]:
        """Reads and decodes the images of a shard, see ``samples_in_parts``."""
        self._check()
        settings, reader, decoder = self._job.settings, self._reader, self._decoder
        return samples_in_parts(
            settings, tasks, reader, decoder, rows, self._companions, self._job.sets
        )

    def originals(
        self, tasks: pa.Table, taker: str, check: Callable[[Sample], object] = lambda _: None
    ) -> Originals:
        """Reads and decodes the images of a shard.

        Args:
            tasks: A row a sample (``schemas.TASK``).
            taker: Who takes them, as ``the network``; for the error.
            check: Raises ``ImageError`` of an image that is to be rejected.

        Raises:
            PipelineError: An image is no uint8 RGB, or this node makes other bytes.
        """
        settings = self._job.settings
        shape = (tasks.num_rows, settings.image.height, settings.image.width, 3)
        pixels = np.empty(shape, np.uint8)
        mosaics = None if settings.raw is None else KeptMosaics()
        masks: list[Array] = []
        twins: list[Twin | None] = []

        def keep(place: int, _: int, decoded: Decoded) -> None:
            sample = self._inputs.sample(decoded)
            check(sample)
            pixels[place] = rgb_of(sample, taker)
            if mosaics is not None:
                mosaics.add(decoded)
            if sample.mask is not None:
                masks.append(sample.mask)
            twins.append(sample.twin)

        taken = self.take(tasks, keep)
        return Originals(
            taken,
            pixels[: len(taken.rows)],
            None if self._job.masks is None else _stacked(masks, shape[1:3]),
            mosaics,
            twins,
        )

    def take(self, tasks: pa.Table, use: Callable[[int, int, Decoded], None]) -> Taken:
        """Reads and decodes the images of a shard, one by one.

        Args:
            tasks: A row a sample (``schemas.TASK``).
            use: Is given each usable one, after their number, from 0, and its sample id. Where it
                raises ``ImageError``, the image is rejected, and nothing may remain of it.

        Raises:
            PipelineError: This node makes other bytes, or ``use`` raises it.
        """
        self._check()
        clock, waited = time.perf_counter(), 0.0
        settings = self._job.settings
        rows: list[int] = []
        crcs: list[int] = []
        rejected: list[Rejected] = []
        interrupted = 0
        remarks = RemarkCount()
        ids, paths = tasks["sample_id"].to_pylist(), tasks["source_path"].to_pylist()
        beside, sets = self._companions, self._job.sets
        images = shard_images(settings, tasks, self._reader, self._decoder, beside, sets)
        for row, taken in enumerate(images):
            waited += taken.waited
            decoded, crc = taken.image, taken.content_crc
            if not isinstance(decoded, ImageError):
                try:
                    use(len(rows), ids[row], decoded)
                except ImageError as error:
                    decoded = error
            if isinstance(decoded, ImageError):
                reject = Rejected(ids[row], paths[row], decoded.stage, decoded.reason, crc)
                rejected.append(reject)
                interrupted += decoded.passing
                continue
            rows.append(row)
            crcs.append(crc or 0)
            remarks.add(Remark(text, 1, (paths[row],)) for text in decoded.remarks)
            del taken, decoded  # while the next file is read
        return Taken(
            rows,
            tuple(rejected),
            interrupted,
            remarks.listed,
            waited,
            time.perf_counter() - clock - waited,
            tuple(crcs),
        )

    def _check(self) -> None:
        """The bytes may not depend on the node; not in the constructor, which Ray would repeat."""
        if self._other is not None:
            raise PipelineError(
                f"the run is made with {self._other} on node {socket.gethostname()}: install the "
                "same versions everywhere, then run the same command again"
            )
        here = {"pixels": pixel_platform()}
        check_made_on(self._job.made_on, here, socket.gethostname())


def _decoder() -> Decoder:
    """What decodes photographs in this actor."""
    return IsolatedDecoder() if was_restarted() else decode_in_time


def _mask_decoder() -> Decoder:
    """What decodes masks in this actor."""
    return IsolatedMaskDecoder() if was_restarted() else decode_mask_in_time


def _stacked(masks: Sequence[Array], shape: tuple[int, int]) -> Array:
    """Masks of one size and any number of bits, (n, height, width)."""
    return np.stack(masks) if masks else np.empty((0, *shape), np.uint8)

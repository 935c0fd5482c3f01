"""Makes the batches of a flow: reads, decodes and augments its samples, in any process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import Batch, BatchTask, Rejected
from raydrift.catalog import Catalog
from raydrift.drift.chain import move_mask
from raydrift.drift.inputs import Inputs, inputs_of
from raydrift.drift.written import written
from raydrift.engine.data.companions import MaskReader
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_images import shard_images
from raydrift.errors import ImageError, PipelineError
from raydrift.flows.annotations import Annotations
from raydrift.flows.more_masks import MaskFolder
from raydrift.flows.replacing import nothing_found, others
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, decode_in_time
from raydrift.images.isolated_masks import IsolatedMaskDecoder, decode_mask_in_time
from raydrift.images.masks import decode_mask
from raydrift.images.pixels import RGB, Array, Sample, rgb_of
from raydrift.images.raw.decoder import RawDecoder
from raydrift.schedules.schedule import Schedule
from raydrift.schedules.where import Masks, among
from raydrift.settings.flow import RAISE, REPLACE
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.transforms import TransformInfo

Decoder = Callable[[bytes, ImageSettings], Decoded]
Found = tuple[Decoded, tuple[Array, ...], int]
"""An image with its boxes and points, its further masks, and the number of its boxes."""


@dataclass(frozen=True, eq=False)
class SampleBatches:
    """Makes batches of augmented samples: uint8 RGB, and a mask each where there are masks.

    A sample is drifted as ``generate`` drifts it, by draws that are keyed by its row in the whole
    catalog and by the epoch.

    Attributes:
        settings: What would be generated: seed, image size, raw files, ranges.
        catalog: The whole input.
        rows: int64 of shape (n,): which rows of it are the samples of this part.
        schedule: What happens to samples, by how many were seen before; None: nothing does.
        where: For each of its drifts, to the images of which rows.
        batch_size: Samples a batch.
        on_error: ``replace`` or ``raise``.
        decoder: The decoder of photographs.
        mask_decoder: The decoder of their masks.
        annotations: Boxes and points that move with the images; None: there are none.
        more_masks: Where masks beside the first one come from.
    """

    settings: GenerateSettings
    catalog: Catalog
    rows: npt.NDArray[np.int64]
    schedule: Schedule | None
    where: Masks
    batch_size: int
    on_error: str = REPLACE
    decoder: Decoder = decode_image
    mask_decoder: Decoder = decode_mask
    annotations: Annotations | None = None
    more_masks: tuple[MaskFolder, ...] = ()
    _inputs: Inputs = field(init=False, repr=False)
    _reader: Reader = field(init=False, repr=False)
    _masks: tuple[MaskReader, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        image, raw = self.settings.image, self.settings.raw
        masks = self.catalog.masks
        made: dict[str, Any] = {
            "_inputs": inputs_of(self.settings),
            "_reader": Reader(self.catalog.root, image.max_bytes, image.max_memory),
            "_masks": () if masks is None else (MaskReader(masks, image, self.mask_decoder),),
        }
        if raw is not None:
            made["decoder"] = RawDecoder(raw)
        for name, value in made.items():
            object.__setattr__(self, name, value)

    def in_worker(self, restarted: bool) -> "SampleBatches":
        """The same for a process of its own.

        Args:
            restarted: Whether an image may have killed the one before it: each is decoded in a
                child process from then on.
        """
        if self.settings.raw is not None:
            return self
        decoder: Decoder = IsolatedDecoder() if restarted else decode_in_time
        of_masks: Decoder = IsolatedMaskDecoder() if restarted else decode_mask_in_time
        more = tuple(one.decoded_by(of_masks) for one in self.more_masks)
        return replace(self, decoder=decoder, mask_decoder=of_masks, more_masks=more)

    def make(self, task: BatchTask) -> Batch:
        """Makes a batch.

        Raises:
            ImageError: An image cannot be used, and the flow is to stop there; or none of many
                others can.
            PipelineError: An image is no uint8 RGB, or a transform failed.
        """
        samples, found, rejected = self._found(task)
        positions = task.epoch * len(self.rows) + task.place * self.batch_size
        chains = self._chains(positions + np.arange(len(samples)), self.rows[samples])
        shape = (len(samples), self.settings.image.height, self.settings.image.width)
        pixels = np.empty((*shape, 3), np.uint8)
        masks, drawn = [], []
        for place, (one, chain) in enumerate(zip(found, chains, strict=True)):
            row = int(self.rows[samples[place]])
            pixels[place], of_image, told = self._augmented(one, chain, row, task.epoch)
            masks.append(of_image)
            drawn.append(told)
        stacked = [np.stack(several) for several in zip(*masks, strict=True)]
        return Batch(task, (pixels, *stacked), samples, tuple(drawn), tuple(rejected))

    def _augmented(
        self, found: Found, chain: Sequence[TransformInfo], row: int, epoch: int
    ) -> tuple[RGB, list[Array], Mapping[str, Any]]:
        """Pixels and masks of an image with what was drawn for it, and what there is to tell."""
        image, more, boxes = found
        told: dict[str, Any] = {}
        sample: Sample
        if self.schedule is None:
            sample = self._inputs.sample(image)
        else:
            sample, drawn = self._inputs.drifted(image, chain, row, epoch)
            told["transforms"] = written(drawn)
            more = tuple(move_mask(mask, drawn, self.settings.profile) for mask in more)
        if self.annotations is not None:
            told |= self.annotations.taken_off(sample, boxes)
        first = [] if sample.mask is None else [sample.mask]
        return rgb_of(sample, "a flow"), [*first, *more], told

    def _chains(
        self, positions: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
    ) -> list[tuple[TransformInfo, ...]]:
        if self.schedule is None:
            return [()] * len(rows)
        return list(self.schedule.samples(positions, among(rows, self.where)).chains())

    def _found(self, task: BatchTask) -> tuple[npt.NDArray[np.int64], list[Found], list[Rejected]]:
        """The images of a batch, and which samples they are."""
        samples, found = task.samples.copy(), []
        rejected: dict[int, Rejected] = {}
        for place, image in enumerate(self._images(samples)):
            asked = int(samples[place])
            row = int(self.rows[asked])
            tried = others(self.settings.seed, row, asked, task.epoch, len(self.rows))
            sample = asked
            while isinstance(image, ImageError):
                if self.on_error == RAISE or image.passing:  # the image itself may be fine
                    raise ImageError(image.stage, f"{self.path(sample)}: {image.reason}")
                rejected[sample] = Rejected(sample, self.path(sample), str(image))
                sample = next(tried, -1)
                if sample < 0:
                    raise PipelineError(nothing_found(rejected[asked], len(rejected) - 1))
                (image,) = self._images(np.array([sample]))
            samples[place] = sample
            found.append(image)
        return samples, found, list(rejected.values())

    def _images(self, samples: npt.NDArray[np.int64]) -> Iterator[Found | ImageError]:
        tasks = self.catalog.samples(
            self.rows[samples],
            0,
            len(samples),
            shard=0,
            first_timestamp=0.0,
            delta_timestamp=0.0,
        )
        images = shard_images(self.settings, tasks, self._reader, self.decoder, self._masks)
        for sample, image in zip(samples.tolist(), images, strict=True):
            yield self._annotated(image.image, sample)

    def _annotated(self, image: Decoded | ImageError, sample: int) -> Found | ImageError:
        """An image with its boxes and further masks; or why it cannot be used."""
        if isinstance(image, ImageError):
            return image
        row, boxes = int(self.rows[sample]), 0
        try:
            if self.annotations is not None:
                image, boxes = self.annotations.put_on(image, self.catalog.columns, row)
            return image, tuple(folder.mask_of(image, row) for folder in self.more_masks), boxes
        except ImageError as error:
            return error

    def columns(self, batch: Batch) -> dict[str, Any]:
        """Label, sample_id, path and class_name of the images of a batch."""
        rows = self.rows[batch.samples]
        table = self.catalog.table.take(rows)
        names = [self.catalog.classes[one] for one in table["class_index"].to_pylist()]
        labels = np.array([self.catalog.labels[name] for name in names], np.int64)
        return {
            "label": labels,
            "sample_id": rows,
            "path": table["path"].to_pylist(),
            "class_name": names,
        }

    def path(self, sample: int) -> str:
        """The path of a sample's file, from the catalog's root on."""
        path: str = self.catalog.table["path"][int(self.rows[sample])].as_py()
        return path

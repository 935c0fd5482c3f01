"""The images of a domain, kept as pixels: what generative networks are trained on."""

import time
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import pyarrow as pa

from raydrift.engine.data.copies import Embedded, of_taken
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.kept_pictures import with_columns
from raydrift.engine.data.measured import MeasureJob, ViewBatch
from raydrift.engine.data.shard_work import ShardJob
from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import RGB, rgb_of
from raydrift.storage.training_pictures import FACTS, PIXELS, Pixels

LEAST_DEVIATION: Final = 1.0
"""Grey levels: an image whose pixels deviate less from their mean has nothing to learn from."""


@dataclass(frozen=True)
class KeepImagesJob(MeasureJob):
    """What a worker is told that keeps images.

    Attributes:
        channels: 3, or 1: they are made grey.
    """

    channels: int = 3


@dataclass(frozen=True)
class ImageBatch(ViewBatch):
    """The pixels of a batch; there are no embeddings.

    Attributes:
        pixels: uint8 of shape (n, height, width, channels).
        facts: ``FACTS``, a row a picture.
    """

    pixels: "Pixels | None" = None
    facts: pa.Table | None = None


def kept_table(batch: ImageBatch) -> pa.Table:
    """A batch as a table of one row: the facts as lists, and the pixels."""
    if batch.facts is None or batch.pixels is None:
        raise ValueError("the batch has no pixels")
    columns = {name: _listed(batch.facts[name]) for name in FACTS.names}
    return with_columns(pa.table(columns), {PIXELS: batch.pixels})


class KeptImages:
    """Reads the images of a batch, all of them in memory.

    Args:
        job: What workers are told.
        kept: How they are kept.
        drifter: Reads the images.
    """

    def __init__(self, job: ShardJob, kept: KeepImagesJob, drifter: Drifter) -> None:
        self._image, self._channels, self._drifter = job.settings.image, kept.channels, drifter

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Reads and decodes the images; constant ones are rejected."""
        started = time.time()
        shape = (tasks.num_rows, self._image.height, self._image.width, self._channels)
        pixels = np.empty(shape, np.uint8)
        rows: list[dict[str, Any]] = []

        def keep(place: int, _sample_id: int, decoded: Decoded) -> None:
            own = rgb_of(decoded, "the training")
            facts = _facts(own, decoded)
            pixels[place] = own if self._channels == own.shape[2] else grey_of(own)
            rows.append(facts)

        taken = self._drifter.take(tasks, keep)
        of_images = of_taken(tasks, taken, started)
        names = zip(of_images["paths"], of_images["class_names"], taken.content_crcs, strict=True)
        for row, (path, class_name, crc) in zip(rows, names, strict=True):
            row.update(path=path, class_name=class_name, content_crc=crc)
        batch = ImageBatch(
            **of_images,
            views=(),
            pixels=pixels[: len(rows)],
            facts=pa.Table.from_pylist(rows, schema=FACTS),
        )
        return Embedded(batch, taken, taken.decode_seconds, 0.0)


def grey_of(pixels: RGB) -> Pixels:
    """The luma of an image (ITU-R BT.601), (height, width, 1)."""
    grey: Pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    return grey


def _facts(pixels: RGB, decoded: Decoded) -> dict[str, Any]:
    """What is known of an image.

    Raises:
        ImageError: It is constant.
    """
    deviation = float(pixels.reshape(-1, 3).std(axis=0).max())  # one colour has none
    if deviation < LEAST_DEVIATION:
        raise ImageError(
            "decode", f"all its pixels are alike (standard deviation {deviation:.2f} grey levels)"
        )
    height, width = decoded.size or pixels.shape[:2]
    first = pixels[..., :1]
    return {
        "height": height,
        "width": width,
        "grey": bool((first == pixels).all()),
        "deviation": deviation,
    }


def _listed(column: pa.ChunkedArray) -> pa.Array:
    """All values of a column as one row."""
    values = column.combine_chunks()
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)

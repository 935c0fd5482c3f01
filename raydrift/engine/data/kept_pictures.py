"""The pictures of views, kept as pixels: what networks are trained on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.drift.camera.developed import developed, developed_mask
from raydrift.engine.data.copies import Embedded, of_taken
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.lazy_embedder import LazyEmbedder
from raydrift.engine.data.measured import MeasureViewsJob, ViewBatch
from raydrift.engine.data.shard_work import ShardJob
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import RGB, Array

Masks = npt.NDArray[np.uint8]
"""1 where a mask is not 0, of shape (n, height, width)."""

MASKS: Final = "masks"
"""The column of the masks; those of the pictures are called as the views."""


@dataclass(frozen=True)
class PictureBatch(ViewBatch):
    """What each view makes of the images of a batch; its embeddings only if they are asked for.

    Attributes:
        pixels: uint8 RGB of shape (views, n, height, width, 3).
        masks: Where they are in the foreground; None: they have no masks.
    """

    pixels: RGB | None = None
    masks: Masks | None = None

    def with_pixels(self, table: pa.Table, codes: Sequence[str]) -> pa.Table:
        """A table of one row with the pixels as a column a view, and the masks, as bytes."""
        kept: dict[str, Array] = {}
        if self.pixels is not None:
            kept |= zip(codes, self.pixels, strict=True)
        if self.masks is not None:
            kept[MASKS] = self.masks
        return with_columns(table, kept)


def with_columns(table: pa.Table, kept: Mapping[str, Array]) -> pa.Table:
    """A table of one row with the bytes of arrays as columns more, see ``kept_pixels``."""
    for name, values in kept.items():
        flat = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        ends = pa.py_buffer(np.array([0, flat.size], np.int64))
        column = pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(flat)])
        table = table.append_column(name, column)
    return table


def kept_pixels(table: pa.Table, name: str, *shape: int, dtype: npt.DTypeLike = np.uint8) -> Array:
    """The pixels of a view, or the masks, in a table that has them; they are not copied.

    Args:
        table: One row.
        name: The view, or ``MASKS``.
        shape: Of one picture.
        dtype: Of its pixels.
    """
    return np.frombuffer(table[name][0].as_buffer(), dtype).reshape(-1, *shape)


@dataclass(frozen=True)
class KeepViewsJob(MeasureViewsJob):
    """What a worker is told that keeps the pictures of views.

    Attributes:
        embed: Whether they are embedded, too.
    """

    embed: bool = False


class KeptPictures:
    """What each of some views makes of the images, all of a batch in memory.

    Args:
        job: What workers are told.
        kept: The views.
        drifter: Reads the images.
        embedder: The network.
    """

    def __init__(
        self, job: ShardJob, kept: KeepViewsJob, drifter: Drifter, embedder: LazyEmbedder
    ) -> None:
        self._settings, self._has_masks, self._kept = job.settings, job.masks is not None, kept
        self._places = {view: place for place, view in enumerate(kept.views)}
        self._drifter, self._embedder = drifter, embedder

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Develops the images, and embeds the pictures where that is asked for."""
        started, image = time.time(), self._settings.image
        size = (image.height, image.width)
        pixels = np.empty((len(self._places), tasks.num_rows, *size, 3), np.uint8)
        masks = np.empty((tasks.num_rows, *size), np.uint8) if self._has_masks else None

        def develop(place: int, _sample_id: int, decoded: Decoded) -> None:
            _, pictures = developed(decoded, self._places, self._settings, self._kept.compat)
            for view, picture in pictures:
                pixels[self._places[view], place] = picture
            if masks is not None:
                masks[place] = developed_mask(decoded, self._settings) != 0

        taken = self._drifter.take(tasks, develop)
        count = len(taken.rows)
        pixels, embedded, seconds = pixels[:, :count], [], 0.0
        for own in pixels if self._kept.embed else ():
            embeddings, spent = self._embedder(own)
            embedded.append(embeddings)
            seconds += spent
        batch = PictureBatch(
            **of_taken(tasks, taken, started),
            views=tuple(embedded),
            pixels=pixels,
            masks=None if masks is None else masks[:count],
        )
        return Embedded(batch, taken, taken.decode_seconds, seconds)

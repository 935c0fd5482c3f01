"""Images as they are and drifted, kept as pixels: what a camera and a model learn from."""

import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from raydrift.engine.data.copies import Embedded, of_taken
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.kept_pictures import Masks, with_columns
from raydrift.engine.data.measured import MeasureJob, ViewBatch
from raydrift.engine.data.shard_work import ShardJob, put_drifted
from raydrift.errors import ImageError
from raydrift.images.masks import STAGE
from raydrift.images.pixels import Array, Sample
from raydrift.report.adjustment import DRIFTED, ORIGINAL

MASKS_OF: Final = {ORIGINAL: "original_masks", DRIFTED: "drifted_masks"}
"""The columns of the pictures, and those of their masks."""

CAMERAS: Final = "cameras"
"""The column of the cameras of raw files."""

_MOST_LABELS: Final = 255  # that pixels of masks have here


@dataclass(frozen=True)
class DriftBatch(ViewBatch):
    """The pictures of a batch; there are no embeddings.

    Attributes:
        pictures: uint8 RGB of shape (n, height, width, 3), by column; of raw files mosaics, float32
            of shape (n, height, width).
        masks: Labels, of shape (n, height, width), by column; empty: they have none.
        cameras: Of raw files, the cameras that develop the mosaics, as JSON (``Sensed.facts``).
    """

    pictures: "dict[str, Array] | None" = None
    masks: "dict[str, Masks] | None" = None
    cameras: tuple[str, ...] = ()

    def with_pictures(self, table: pa.Table) -> pa.Table:
        """A table of one row with the pictures, the masks and the cameras as columns more."""
        table = table.append_column(CAMERAS, pa.array([self.cameras], pa.list_(pa.string())))
        return with_columns(table, {**(self.pictures or {}), **(self.masks or {})})


@dataclass(frozen=True)
class KeepDriftsJob(MeasureJob):
    """What a worker is told that keeps images as they are, and drifted by the one schedule."""


class KeptDrifts:
    """Drifts the images of a batch, all of it in memory.

    Args:
        job: What workers are told.
        kept: The schedule of the drift.
        drifter: Reads the images.
    """

    def __init__(self, job: ShardJob, kept: KeepDriftsJob, drifter: Drifter) -> None:
        (schedule,) = kept.schedules
        self._job, self._drifter = replace(job, schedule=schedule), drifter

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Drifts the images."""
        started = time.time()
        images = self._drifter.originals(tasks, "the model", check_labels)
        taken = images.taken
        used = tasks.take(pa.array(taken.rows, pa.int64()))
        drifted = np.empty_like(images.pixels)
        masks = None if images.masks is None else np.empty_like(images.masks)
        clock = time.perf_counter()
        put_drifted(self._job, used, images.samples, drifted, masks)
        seconds = taken.decode_seconds + time.perf_counter() - clock
        kept = {}
        if images.masks is not None and masks is not None:
            both = {ORIGINAL: images.masks, DRIFTED: masks}
            kept = {MASKS_OF[name]: one.astype(np.uint8) for name, one in both.items()}
        batch = DriftBatch(
            **of_taken(tasks, taken, started),
            views=(),
            pictures={ORIGINAL: images.pixels, DRIFTED: drifted},
            masks=kept,
        )
        return Embedded(batch, taken, seconds, 0.0)


def check_labels(sample: Sample) -> None:
    """Makes sure that the labels of a mask fit into bytes.

    Raises:
        ImageError: One does not.
    """
    mask = sample.mask
    if mask is not None and mask.max(initial=0) > _MOST_LABELS:
        raise ImageError(
            STAGE,
            f"its mask has the label {int(mask.max())}: give labels of at most {_MOST_LABELS}",
        )

"""A batch of a flow, as whoever trains is given it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import Batch
from raydrift.images.pixels import RGB, Array


@dataclass(frozen=True, eq=False)
class FlowBatch:
    """Some augmented images; row i of all attributes is image i.

    Attributes:
        images: uint8 of shape (n, height, width, 3), red first; read-only where Ray made them.
        labels: int64 of shape (n,).
        masks: Of shape (n, height, width); None: there are none.
        sample_ids: int64 of shape (n,): the row of each image in the sorted input.
        paths: The path of each image, relative to the input folder.
        class_names: The class of each image.
        boxes: One float64 array (k, 4) per image, x1, y1, x2, y2; an empty tuple if the flow has
            no boxes.
        box_ids: For each box its index among the boxes of that image in the manifest, int64 (k,).
        points: One float64 array (k, 2) per image; an empty tuple if the flow has no points.
        more_masks: Masks of further folders, as ``masks``, in the order of the folders.
        transforms: What was done to each image, as ``provenance.parquet`` has it.
        epoch: The epoch, from 0.
        place: The batch's place in the epoch, from 0.
    """

    images: RGB
    labels: npt.NDArray[np.int64]
    masks: Array | None
    sample_ids: npt.NDArray[np.int64]
    paths: tuple[str, ...]
    class_names: tuple[str, ...]
    transforms: tuple[list[Mapping[str, Any]], ...]
    epoch: int
    place: int
    boxes: tuple[npt.NDArray[np.float64], ...] = ()
    box_ids: tuple[npt.NDArray[np.int64], ...] = ()
    points: tuple[npt.NDArray[np.float64], ...] = ()
    more_masks: tuple[Array, ...] = ()

    @classmethod
    def of(cls, batch: Batch, columns: Mapping[str, Any], epoch: int) -> "FlowBatch":
        """A batch with what the catalog tells of its images.

        Args:
            batch: As its maker made it.
            columns: ``label``, ``sample_id``, ``path`` and ``class_name`` of each image.
            epoch: The epoch that was asked for.
        """
        images, *masks = batch.arrays
        return cls(
            images,
            columns["label"],
            masks[0] if masks else None,
            columns["sample_id"],
            tuple(columns["path"]),
            tuple(columns["class_name"]),
            tuple(one.get("transforms", []) for one in batch.drawn),
            epoch,
            batch.task.place,
            more_masks=tuple(masks[1:]),
            **{name: _of_each(batch, name) for name in ("boxes", "box_ids", "points")},
        )

    def __len__(self) -> int:
        """The number of images."""
        return len(self.labels)


def _of_each(batch: Batch, name: str) -> tuple[Any, ...]:
    return tuple(one[name] for one in batch.drawn if name in one)

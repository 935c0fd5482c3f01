"""Boxes and points on the images of a flow: they move under the same draw."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.augment.boxes import corners_of, hulls
from raydrift.catalog import Catalog
from raydrift.errors import ImageError, SettingsError, suggest
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import Sample
from raydrift.settings.flow import FlowSettings

Floats = npt.NDArray[np.float64]

STAGE = "boxes"
"""The stage at which an image is rejected for its boxes or points."""


@dataclass(frozen=True)
class Annotations:
    """The columns of a manifest with boxes and points, and their form.

    Attributes:
        boxes: The column of the manifest with boxes; None: there are none.
        points: The column with points; None: there are none.
        relative: Whether they are shares of width and height, before and after.
        min_visible: A box of which a smaller share is left is dropped.
    """

    boxes: str | None
    points: str | None
    relative: bool
    min_visible: float

    def put_on(self, image: Decoded, columns: pa.Table, row: int) -> tuple[Decoded, int]:
        """An image with the corners of its boxes and its points as its own points.

        Args:
            image: As it was decoded, in the size of the batch.
            columns: The columns of the manifest.
            row: The row of the image.

        Returns:
            The image, and the number of its boxes.

        Raises:
            ImageError: They are no boxes or points.
        """
        boxes = self._read(columns, row, self.boxes, 4)
        points = self._read(columns, row, self.points, 2)
        edges = np.vstack([corners_of(boxes).reshape(-1, 2), points])
        height, width = image.pixels.shape[:2]
        before = (1, 1) if self.relative else (image.size or (height, width))
        scale = np.array([width / before[1], height / before[0]])
        # Edges are counted from the corner of the first pixel, points of a sample from its centre.
        return replace(image, points=edges * scale - 0.5), len(boxes)

    def taken_off(self, sample: Sample, boxes: int) -> dict[str, Floats]:
        """The boxes and points of an image that has moved.

        Args:
            sample: The image.
            boxes: The number of its boxes.

        Returns:
            ``boxes`` float64 (kept, 4), ``box_ids`` int64 (kept,), which of the row's boxes each
            is, and ``points`` float64 (n, 2), which may lie off the image.
        """
        height, width = sample.pixels.shape[:2]
        size = np.array([width, height], np.float64)
        count = 4 * boxes
        at = (np.empty((0, 2)) if sample.points is None else sample.points) + 0.5
        scale = size if self.relative else np.ones(2)
        moved = hulls(at[:count].reshape(-1, 4, 2) / scale, size / scale, self.min_visible)
        found: dict[str, Any] = {}
        if self.boxes is not None:
            found |= {"boxes": moved.boxes, "box_ids": moved.kept}
        if self.points is not None:
            found["points"] = at[count:] / scale
        return found

    def _read(self, columns: pa.Table, row: int, column: str | None, numbers: int) -> Floats:
        given = [] if column is None else columns[column][row].as_py()
        try:
            plain = json.loads(given) if isinstance(given, str) else given
            values = np.array(plain if plain is not None else [], np.float64)
            return values.reshape(-1, numbers) if values.size == 0 else _checked(values, numbers)
        except (TypeError, ValueError):
            what = "x1, y1, x2, y2" if numbers == 4 else "x, y"
            raise ImageError(
                STAGE, f"its {column} are {str(given)[:60]}: give lists of {what}"
            ) from None


def annotations_of(settings: FlowSettings, catalog: Catalog) -> Annotations | None:
    """The annotations that a flow asks for; None: it asks for none.

    Raises:
        SettingsError: There is no such column, or the input is no manifest or raw files.
    """
    asked = [name for name in (settings.boxes, settings.points) if name is not None]
    if not asked:
        return None
    if settings.run.raw is not None:
        raise SettingsError("boxes: raw files have none: develop them first")
    names: Sequence[str] = () if catalog.columns is None else catalog.columns.column_names
    for name in asked:
        if not names:
            raise SettingsError(f"boxes: {name!r} is a column of a manifest: give one as input")
        if name not in names:
            raise SettingsError(
                f"boxes: the manifest has no column {name!r}: {suggest(name, names)}"
            )
    return Annotations(settings.boxes, settings.points, settings.relative, settings.min_visible)


def _checked(values: Floats, numbers: int) -> Floats:
    if values.ndim != 2 or values.shape[1] != numbers or not np.isfinite(values).all():
        raise ValueError
    if numbers == 4 and not (values[:, :2] <= values[:, 2:]).all():
        raise ValueError
    return values

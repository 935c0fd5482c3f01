"""Boxes and points of a manifest move with their images."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.errors import ImageError, SettingsError
from raydrift.flows import Augment, Flow

HEIGHT, WIDTH = 120, 160
BOXES = [[40, 30, 90, 70], [100, 80, 130, 110]]
MOVING = Augment(rotate=25, shift=0.15, shear=10, zoom=0.2, flip=True, fill="constant")


def painted(folder: Path, boxes: Any = BOXES, **columns: Any) -> Path:
    """A manifest of twelve images; the first box of each is white, the second grey."""
    images = []
    for number in range(12):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for (left, top, right, bottom), level in zip(BOXES, (255, 128), strict=True):
            image[top:bottom, left:right] = level
        cv2.imwrite(str(folder / f"{number}.png"), image)
        images.append(f"{number}.png")
    table = {"path": images, "class": ["a"] * 12, "boxes": [boxes] * 12, **columns}
    pq.write_table(pa.table(table), folder / "images.parquet")
    return folder / "images.parquet"


def flow_of(manifest: Path, **settings: Any) -> Flow:
    given = {"augment": MOVING, "size": (HEIGHT, WIDTH), "boxes": "boxes", "batch_size": 12}
    return Flow(manifest, **{**given, **settings})


def test_a_box_is_where_its_paint_is(tmp_path: Path) -> None:
    batch = next(flow_of(painted(tmp_path)).train.numpy(0))
    for image, boxes, ids in zip(batch.images, batch.boxes, batch.box_ids, strict=True):
        for (left, top, right, bottom), which in zip(boxes, ids, strict=True):
            paint = image[..., 0] > 191 if which == 0 else np.abs(image[..., 0] - 128.0) < 60
            if which == 1:  # the white one's border is grey too
                x1, y1, x2, y2 = np.round(boxes[ids.tolist().index(0)] if 0 in ids else [0] * 4)
                paint[max(int(y1) - 2, 0) : int(y2) + 2, max(int(x1) - 2, 0) : int(x2) + 2] = False
            rows, columns = np.nonzero(paint)
            found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert np.abs(np.array(found) - [left, top, right, bottom]).max() <= 2.5


def test_boxes_are_scaled_to_the_size_of_the_images(tmp_path: Path) -> None:
    manifest = painted(tmp_path)
    plain = next(flow_of(manifest, augment=None, size=(240, 80)).train.numpy(0))
    np.testing.assert_allclose(plain.boxes[0], np.array(BOXES) * [0.5, 2, 0.5, 2])
    assert plain.box_ids[0].tolist() == [0, 1]
    relative = painted(tmp_path, (np.array(BOXES) / [WIDTH, HEIGHT, WIDTH, HEIGHT]).tolist())
    found = next(flow_of(relative, augment=None, size=64, relative=True).train.numpy(0))
    np.testing.assert_allclose(found.boxes[0] * [WIDTH, HEIGHT, WIDTH, HEIGHT], BOXES)


def test_a_box_that_is_hardly_seen_is_dropped(tmp_path: Path) -> None:
    far = Augment(shift=0.9, fill="constant")
    flow = flow_of(painted(tmp_path), augment=far, min_visible=0.3)
    batch = next(flow.train.numpy(0))
    kept = [len(boxes) for boxes in batch.boxes]
    assert min(kept) == 0
    assert all(np.all(boxes >= 0) and np.all(boxes[:, 2] <= WIDTH) for boxes in batch.boxes)
    assert next(flow_of(painted(tmp_path), augment=far, min_visible=0.0).train.numpy(0)) is not None


def test_points_move_too(tmp_path: Path) -> None:
    """The middle of the white box stays its middle."""
    manifest = painted(tmp_path, points=[[[65.0, 50.0]]] * 12)
    batch = next(flow_of(manifest, boxes=None, points="points").train.numpy(0))
    for image, points in zip(batch.images, batch.points, strict=True):
        rows, columns = np.nonzero(image[..., 0] > 191)
        if rows.min() > 0 and columns.min() > 0 and rows.max() < 119 and columns.max() < 159:
            assert np.abs(points[0] - [columns.mean() + 0.5, rows.mean() + 0.5]).max() < 1.5


def test_an_image_without_boxes_has_none(tmp_path: Path) -> None:
    batch = next(flow_of(painted(tmp_path, []), augment=MOVING).train.numpy(0))
    assert all(boxes.shape == (0, 4) for boxes in batch.boxes)


@pytest.mark.parametrize("boxes", [[[1.0, 2.0, 3.0]], [[9.0, 9.0, 1.0, 1.0]]])
def test_what_is_no_box_is_told_with_its_image(tmp_path: Path, boxes: list[list[float]]) -> None:
    flow = flow_of(painted(tmp_path, boxes), on_error="raise")
    with pytest.raises(ImageError, match=r"\d+\.png: its boxes are .*: give lists of x1, y1, x2"):
        next(flow.train.numpy(0))


def test_the_column_has_to_be_there(scenes: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no column 'box': did you mean 'boxes'"):
        flow_of(painted(tmp_path), boxes="box")
    with pytest.raises(SettingsError, match="'boxes' is a column of a manifest: give one as input"):
        flow_of(scenes)

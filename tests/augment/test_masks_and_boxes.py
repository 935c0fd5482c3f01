"""Masks, boxes and points go where the image goes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from raydrift.augment.applying import Look, apply
from raydrift.augment.boxes import move_boxes, move_points
from raydrift.augment.compat import COMPATS
from raydrift.augment.geometry import matrix
from raydrift.augment.masks import move_mask

MOVES = st.fixed_dictionaries(
    {
        "theta": st.floats(-180, 180),
        "tx": st.floats(-20, 20),
        "ty": st.floats(-20, 20),
        "shear": st.floats(-15, 15),
        "zx": st.floats(0.5, 1.6),
        "zy": st.floats(0.5, 1.6),
        "flip_horizontal": st.booleans(),
        "flip_vertical": st.booleans(),
    }
)


@settings(max_examples=60)
@given(moves=MOVES, compat=st.sampled_from(COMPATS), channels=st.sampled_from([None, 1, 2, 5]))
def test_masks_hold_no_label_that_was_not_there(moves: Any, compat: str, channels: Any) -> None:
    shape = (33, 47) if channels is None else (33, 47, channels)
    mask = np.random.default_rng(0).choice([3, 7, 200], shape).astype(np.int32)
    before = mask.copy()
    for mode, also in (("nearest", set()), ("constant", {255}), ("reflect", set())):
        made = move_mask(mask, moves, compat, mode, 255)
        assert made.dtype == mask.dtype
        assert made.shape == mask.shape
        assert set(np.unique(made)) <= {3, 7, 200} | also
    np.testing.assert_array_equal(mask, before)


def test_levels_leave_masks_alone_and_with_nothing_to_do_the_mask_itself_comes_back() -> None:
    mask = np.eye(5, dtype=np.uint8)
    changed = {"brightness": 0.5, "channel_shift_intensity": 9.0, "noise": "s&p", "contrast": 2.0}
    assert move_mask(mask, changed) is mask


def test_masks_may_have_channels_first() -> None:
    mask = np.random.default_rng(0).integers(0, 9, (2, 13, 11), np.int16)
    moves = {"theta": 30.0, "flip_horizontal": 1}
    first = move_mask(mask, moves, data_format="channels_first")
    last = move_mask(mask.transpose(1, 2, 0), moves)
    np.testing.assert_array_equal(first.transpose(1, 2, 0), last)


@settings(max_examples=40)
@given(moves=MOVES, compat=st.sampled_from(COMPATS))
def test_masks_stay_in_step_with_their_images(moves: Any, compat: str) -> None:
    mask = np.zeros((48, 61), np.uint8)
    mask[10:30, 15:45] = 1
    image = (mask * 200.0).astype(np.float32)[..., None]
    moved = apply(image, moves, Look(compat, fill_mode="constant"))[..., 0]
    step = move_mask(mask, moves, compat, "constant", 0)
    assert (moved[step == 1] > 0).all()
    assert (moved[step == 0] < 200).all()


@settings(max_examples=100)
@given(
    moves=MOVES,
    compat=st.sampled_from(COMPATS),
    box=st.tuples(st.integers(0, 80), st.integers(0, 60), st.integers(8, 40), st.integers(8, 40)),
)
def test_boxes_are_the_hull_of_their_painted_masks(moves: Any, compat: str, box: Any) -> None:
    height, width = 97, 121
    left, top, across, down = box
    mask = np.zeros((height, width), np.uint8)
    mask[top : top + down, left : left + across] = 1
    given_box = [left, top, min(left + across, width), min(top + down, height)]
    moved = move_boxes([given_box], moves, height, width, compat, min_visible=0)
    painted = move_mask(mask, moves, compat, "constant", 0)
    corners = [given_box[i : i + 1] + given_box[j : j + 1] for i in (0, 2) for j in (1, 3)]
    at = move_points(corners, moves, height, width, compat)
    whole = bool((at > 1).all() and (at[:, 0] < width - 1).all() and (at[:, 1] < height - 1).all())
    rows, columns = np.nonzero(painted)
    if not len(moved.boxes):
        assert not len(rows)
        return
    assume(len(rows))
    hull = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    # No painted pixel lies outside of the box by more than half a pixel.
    assert (hull[:2] >= moved.boxes[0, :2] - 0.51).all()
    assert (hull[2:] <= moved.boxes[0, 2:] + 0.51).all()
    if whole:  # a corner is sharp: its last pixel may be one that the nearest pixel misses
        assert np.abs(hull - moved.boxes[0]).max() < 4
        assert moved.visible[0] == pytest.approx(1)


@settings(max_examples=60)
@given(
    moves=MOVES, compat=st.sampled_from(COMPATS), row=st.integers(0, 30), column=st.integers(0, 40)
)
def test_points_come_from_where_the_matrix_says(
    moves: Any, compat: str, row: int, column: int
) -> None:
    height, width = 31, 41
    (x, y), *_ = move_points([[column + 0.5, row + 0.5]], moves, height, width, compat)
    x = width - x if moves["flip_horizontal"] else x
    y = height - y if moves["flip_vertical"] else y
    found = matrix(moves, height, width, compat)
    back = (np.eye(3) if found is None else found) @ [y - 0.5, x - 0.5, 1]
    np.testing.assert_allclose(back[:2], [row, column], atol=1e-9)


def test_shares_are_moved_as_pixels_are() -> None:
    moves = {"theta": 20.0, "tx": 3.0, "flip_vertical": 1}
    pixels = np.array([[10.0, 20.0, 50.0, 60.0], [0, 0, 100, 80]])
    size = np.array([100, 80, 100, 80])
    made = move_boxes(pixels / size, moves, 80, 100, relative=True)
    wanted = move_boxes(pixels, moves, 80, 100)
    np.testing.assert_allclose(made.boxes * size, wanted.boxes)
    np.testing.assert_allclose(made.visible, wanted.visible)


def test_boxes_are_clipped_and_dropped_under_a_share() -> None:
    boxes = [[0, 0, 10, 10], [4, 0, 14, 10], [9, 0, 19, 10], [30, 5, 40, 9]]
    made = move_boxes(boxes, {"tx": 8.0}, 20, 50, min_visible=0.3)
    assert made.kept.tolist() == [1, 2, 3]
    np.testing.assert_allclose(made.boxes, [[0, 0, 6, 10], [1, 0, 11, 10], [22, 5, 32, 9]])
    np.testing.assert_allclose(made.visible, [0.6, 1, 1])
    assert move_boxes(boxes, {"tx": 8.0}, 20, 50, min_visible=0.2).kept.tolist() == [0, 1, 2, 3]
    assert move_boxes(boxes, {"tx": 60.0}, 20, 50, min_visible=0).kept.tolist() == []


def test_without_boxes_there_are_none_and_no_zoom_moves_by_nothing() -> None:
    assert move_boxes([], {"theta": 5}, 9, 9).boxes.shape == (0, 4)
    assert move_boxes([[1, 1, 5, 5]], {"zx": 0.0}, 9, 9).boxes.shape == (0, 4)
    with pytest.raises(ValueError, match=r"boxes are of shape \(1, 3\): give x1, y1, x2, y2"):
        move_boxes([[1, 2, 3]], {}, 9, 9)

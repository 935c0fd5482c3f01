"""Moves boxes and points as their images move."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.compat import FIXED
from raydrift.augment.geometry import matrix

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MovedBoxes:
    """Boxes after their image was moved.

    Attributes:
        boxes: float64 of shape (kept, 4): x1, y1, x2, y2, clipped to the image.
        kept: int64 of shape (kept,): which of the given boxes each is.
        visible: float64 of shape (kept,): the share of the moved box that lies on the image.
    """

    boxes: Floats
    kept: npt.NDArray[np.int64]
    visible: Floats


def move_points(
    points: npt.ArrayLike,
    parameters: Mapping[str, Any],
    height: int,
    width: int,
    compat: str = FIXED,
    relative: bool = False,
) -> Floats:
    """Moves points as the image moves.

    Args:
        points: Of shape (..., 2): x and y, counted from the image's upper left corner, so that the
            centre of its first pixel is (0.5, 0.5).
        parameters: Those of the image.
        height: The image's height in pixels.
        width: Its width.
        compat: Whose geometry it is.
        relative: Points are shares of the width and the height, 0 to 1.

    Returns:
        float64 of the same shape; points may lie off the image. NaN: the matrix has no inverse, as
        with a zoom of 0.

    >>> move_points([[10.0, 5.0]], {"tx": 2, "flip_vertical": 1}, 24, 32)
    array([[ 8., 19.]])
    """
    size = np.array([width, height], np.float64)
    at = np.array(points, np.float64)
    if relative:
        at *= size
    moving = matrix(parameters, height, width, compat)
    if moving is not None:
        at = _moved(at, moving)
    if parameters.get("flip_horizontal", 0):
        at[..., 0] = width - at[..., 0]
    if parameters.get("flip_vertical", 0):
        at[..., 1] = height - at[..., 1]
    return at / size if relative else at


def move_boxes(
    boxes: npt.ArrayLike,
    parameters: Mapping[str, Any],
    height: int,
    width: int,
    compat: str = FIXED,
    min_visible: float = 0.1,
    relative: bool = False,
) -> MovedBoxes:
    """Moves boxes as the image moves: the hull of the four corners, clipped to the image.

    Args:
        boxes: Of shape (n, 4): x1, y1, x2, y2, the edges of each box; the image's own are 0, 0,
            width, height.
        parameters: Those of the image.
        height: The image's height in pixels.
        width: Its width.
        compat: Whose geometry it is.
        min_visible: A box of which a smaller share is left on the image is dropped; one of which
            nothing is left always is.
        relative: Boxes are shares of the width and the height, 0 to 1.

    Returns:
        The boxes that are kept, and which they are.

    Raises:
        ValueError: Boxes are not of shape (n, 4).
    """
    given = np.array(boxes, np.float64)
    if not given.size:
        given = given.reshape(0, 4)
    if given.ndim != 2 or given.shape[1] != 4:
        raise ValueError(f"boxes are of shape {given.shape}: give x1, y1, x2, y2 for each, (n, 4)")
    moved = move_points(corners_of(given), parameters, height, width, compat, relative)
    most = np.ones(2) if relative else np.array([width, height], np.float64)
    return hulls(moved, most, min_visible)


def corners_of(boxes: Floats) -> Floats:
    """The four corners of boxes of shape (n, 4), of shape (n, 4, 2)."""
    return boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]


def hulls(corners: Floats, most: Floats, min_visible: float) -> MovedBoxes:
    """The boxes around moved corners, clipped to the image.

    Args:
        corners: Of shape (n, 4, 2).
        most: The image's width and height.
        min_visible: As for ``move_boxes``.
    """
    low, high = corners.min(axis=1), corners.max(axis=1)
    cut_low, cut_high = np.clip(low, 0, most), np.clip(high, 0, most)
    whole, left = np.prod(high - low, axis=1), np.prod(cut_high - cut_low, axis=1)
    visible = np.divide(left, whole, out=np.zeros_like(left), where=whole > 0)
    (kept,) = np.nonzero((visible > 0) & (visible >= min_visible))
    return MovedBoxes(np.hstack([cut_low, cut_high])[kept], kept, visible[kept])


def _moved(at: Floats, matrix_: Floats) -> Floats:
    """Points (x, y) by the inverse of what says where each pixel comes from."""
    try:
        back = np.linalg.inv(matrix_)
    except np.linalg.LinAlgError:
        return np.full_like(at, np.nan)
    # Pixel n has its centre at n + 0.5.
    row, column = at[..., 1] - 0.5, at[..., 0] - 0.5
    rows = back[0, 0] * row + back[0, 1] * column + back[0, 2]
    columns = back[1, 0] * row + back[1, 1] * column + back[1, 2]
    return np.stack([columns + 0.5, rows + 0.5], axis=-1)

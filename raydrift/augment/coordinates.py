"""Where the pixels of a warped image come from, to the last bit of scipy's."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.augment.geometry import Matrix

Floats = npt.NDArray[np.float64]
Rule = Callable[[Floats, int], Floats]
"""Brings coordinates along one axis onto an image of a size."""

_STRIP: Final = 8192  # pixels that a processor's nearest cache has room for


def reach(matrix: Matrix, height: int, width: int) -> list[tuple[float, float]]:
    """The least and the greatest row, then column, that pixels of the result come from."""
    found = []
    for down, right, shift in matrix[:2].tolist():
        ends = (0.0, down * (height - 1)), (0.0, right * (width - 1))
        found.append((shift + sum(map(min, ends)), shift + sum(map(max, ends))))
    return found


def inside(matrix: Matrix, height: int, width: int) -> npt.NDArray[np.bool_]:
    """Which pixels of the result come from the image, its outermost pixels' centres included."""
    found = np.empty((height, width), np.bool_)
    for strip, rows, columns in _strips(matrix, height, width):
        part = found[strip]
        np.greater_equal(rows, 0, out=part)
        part &= rows <= height - 1
        part &= columns >= 0
        part &= columns <= width - 1
    return found


def source_coordinates(
    matrix: Matrix, height: int, width: int, rule: Rule, dtype: npt.DTypeLike, plus: float = 0.0
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The rows and the columns that the pixels of the result come from.

    Args:
        matrix: From (row, column, 1) in the result to (row, column, 1) in the image.
        height: Of both.
        width: Of both.
        rule: What brings coordinates from outside onto the image.
        dtype: Of the results; whole numbers are cut.
        plus: Is added to coordinates on the image.
    """
    found_rows = np.empty((height, width), dtype)
    found_columns = np.empty((height, width), dtype)
    for strip, rows, columns in _strips(matrix, height, width):
        found_rows[strip] = rule(rows, height) + plus
        found_columns[strip] = rule(columns, width) + plus
    return found_rows, found_columns


def _strips(matrix: Matrix, height: int, width: int) -> Iterator[tuple[slice, Floats, Floats]]:
    """The coordinates of a few rows at a time, which may lie outside.

    They are added up in the order that scipy adds them in, so that ties fall the same way.
    """
    down, right = np.arange(height, dtype=np.float64), np.arange(width, dtype=np.float64)
    first = [(m[2] + down * m[0])[:, None] for m in matrix[:2]]
    then = [right * m[1] for m in matrix[:2]]
    step = max(1, _STRIP // width)
    for top in range(0, height, step):
        strip = slice(top, top + step)
        yield strip, first[0][strip] + then[0], first[1][strip] + then[1]


def clamped(at: Floats, size: int) -> Floats:
    """The nearest coordinates on the image."""
    return np.clip(at, 0, size - 1, out=at)


def wrapped(at: Floats, size: int) -> Floats:
    """Coordinates of an image that repeats every ``size - 1`` pixels, as scipy's ``wrap`` does."""
    period = size - 1
    if period < 1:
        return np.zeros_like(at)
    below, above = at < 0, at > period
    at[below] += period * (np.trunc(-at[below] / period) + 1)
    at[above] -= period * np.trunc(at[above] / period)
    return at


def reflected(at: Floats, size: int) -> Floats:
    """Coordinates of an image that is mirrored at the edges of its outermost pixels."""
    turn = 2 * size
    below, above = at < 0, at > size - 1
    low = at[below]
    far = low < -turn
    low[far] += turn * np.trunc(-low[far] / turn)
    at[below] = np.where(low < -size, low + turn, np.where(low > -1e-15, 1e-15, -low) - 1)
    high = at[above]
    high -= turn * np.trunc(high / turn)
    at[above] = np.where(high >= size, turn - high - 1, high)
    return np.clip(at, -0.5, size - 0.5, out=at)

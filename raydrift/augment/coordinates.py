"""Where the pixels of a warped image come from, to the last bit of scipy's."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raydrift.augment.geometry import Matrix

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Coordinates:
    """Rows and columns of an image, float64 of one shape, that need not lie inside it."""

    rows: Floats
    columns: Floats


def source_coordinates(matrix: Matrix, height: int, width: int) -> Coordinates:
    """The coordinates that each pixel of the result comes from.

    They are added up in the order that scipy adds them in, so that ties fall the same way.
    """
    down = np.arange(height, dtype=np.float64)[:, None]
    right = np.arange(width, dtype=np.float64)[None, :]
    rows, columns = ((m[2] + down * m[0]) + right * m[1] for m in matrix[:2])
    return Coordinates(rows, columns)


def all_inside(matrix: Matrix, height: int, width: int) -> bool:
    """Whether no pixel of the result comes from outside: its corners say it."""
    corners = np.array(
        [[0, 0, 1], [0, width - 1, 1], [height - 1, 0, 1], [height - 1, width - 1, 1]]
    )
    from_where = matrix[:2] @ corners.T
    last = np.array([[height - 1], [width - 1]])
    return bool(((from_where > 0) & (from_where < last)).all())


def inside(at: Coordinates, height: int, width: int) -> npt.NDArray[np.bool_]:
    """Which coordinates lie on the image, its outermost pixels' centres included."""
    found = at.rows >= 0
    found &= at.rows <= height - 1
    found &= at.columns >= 0
    found &= at.columns <= width - 1
    return found


def clamped(at: Floats, size: int) -> Floats:
    """The nearest coordinates on the image."""
    return np.clip(at, 0, size - 1)


def wrapped(at: Floats, size: int) -> Floats:
    """Coordinates of an image that repeats every ``size - 1`` pixels, as scipy's ``wrap`` does."""
    period = size - 1
    if period < 1:
        return np.zeros_like(at)
    below, above = at < 0, at > period
    found = at.copy()
    found[below] += period * (np.trunc(-at[below] / period) + 1)
    found[above] -= period * np.trunc(at[above] / period)
    return found


def reflected(at: Floats, size: int) -> Floats:
    """Coordinates of an image that is mirrored at the edges of its outermost pixels."""
    turn = 2 * size
    below, above = at < 0, at > size - 1
    found = at.copy()
    low = at[below]
    far = low < -turn
    low[far] += turn * np.trunc(-low[far] / turn)
    found[below] = np.where(low < -size, low + turn, np.where(low > -1e-15, 1e-15, -low) - 1)
    high = at[above]
    high -= turn * np.trunc(high / turn)
    found[above] = np.where(high >= size, turn - high - 1, high)
    return found

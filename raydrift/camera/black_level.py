"""Black levels: what a sensor gives without light is taken off."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.camera.cfa import at
from raydrift.camera.checks import Black
from raydrift.camera.planes import Plane


def without_black(mosaic: Plane, black_level: Black) -> Plane:
    """Takes the black level off each pixel; dark pixels may become negative.

    Args:
        mosaic: (height, width).
        black_level: By place in the 2 × 2 pattern.

    Returns:
        A new array of the same dtype.
    """
    if len(set(black_level)) == 1:
        return np.subtract(mosaic, mosaic.dtype.type(black_level[0]))
    result = np.empty_like(mosaic)
    for place, level in enumerate(black_level):
        index = at(divmod(place, 2))
        np.subtract(mosaic[index], mosaic.dtype.type(level), out=result[index])
    return result


def by_place(levels: Sequence[float], indices: npt.NDArray[Any]) -> tuple[float, ...]:
    """Black levels by place, from those of a library that counts colours in another order.

    Args:
        levels: One for each colour, as LibRaw's ``black_level_per_channel``: R, G, B, second G.
        indices: Which of them each place has, 2 × 2, as rawpy's ``raw_pattern``.

    >>> by_place([100, 101, 103, 102], np.array([[0, 1], [3, 2]]))
    (100.0, 101.0, 102.0, 103.0)
    """
    return tuple(float(levels[index]) for index in np.asarray(indices).ravel())

"""Mosaics made by hand."""

import numpy as np
import numpy.typing as npt

from raydrift.camera import CFA
from raydrift.camera.cfa import mosaicked


def flat(
    colour: tuple[float, float, float], height: int, width: int, cfa: CFA
) -> npt.NDArray[np.float64]:
    """A picture of one colour."""
    planes = np.broadcast_to(np.array(colour)[:, None, None], (3, height, width))
    return mosaicked(planes, cfa)


def uneven(height: int, width: int) -> npt.NDArray[np.float64]:
    """Edges and noise in 1024ths, which float64 adds up without rounding."""
    y, x = np.mgrid[:height, :width]
    noise = (x * x * 7 + y * 13 + x * y * 5) % 97
    return (200 * (x > y) + 3 * x + 2 * y + noise + 300) / 1024

"""Bilinear demosaicing: the mean of the nearest pixels of a colour."""

from typing import Final

import cv2
import numpy as np

from raydrift.camera.cfa import CFA, at
from raydrift.camera.planes import Plane, Planes

_TENT: Final = (0.5, 1.0, 0.5)
_CROSS: Final = ((0.0, 0.25, 0.0), (0.25, 1.0, 0.25), (0.0, 0.25, 0.0))


def bilinear(mosaic: Plane, cfa: CFA, compat: bool = False) -> Planes:
    """Filters the three planes with zeros where the colour was not seen.

    Red and blue are filtered with [1 2 1; 2 4 2; 1 2 1] / 4, green with [0 1 0; 1 4 1; 0 1 0] / 4.

    Args:
        mosaic: float32 or float64, (height, width).
        cfa: Its pattern.
        compat: Repeat the edge pixel beyond the border. As its colour then stands where another
            belongs, a mosaic of ones becomes 2.25 in red in the first corner and 1.5 at the edges.

    Returns:
        Planes (3, height, width).
    """
    border = cv2.BORDER_REFLECT if compat else cv2.BORDER_REFLECT_101
    seen = np.zeros((3, *mosaic.shape), mosaic.dtype)
    for place, colour in enumerate(cfa.colours):
        index = at(divmod(place, 2))
        seen[colour][index] = mosaic[index]
    result = np.empty_like(seen)
    tent, cross = np.array(_TENT), np.array(_CROSS)
    cv2.sepFilter2D(seen[0], -1, tent, tent, dst=result[0], borderType=border)
    cv2.filter2D(seen[1], -1, cross, dst=result[1], borderType=border)
    cv2.sepFilter2D(seen[2], -1, tent, tent, dst=result[2], borderType=border)
    return result

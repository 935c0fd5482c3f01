"""Malvar's demosaicing: bilinear, corrected by how the pixel's own colour bends."""

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.camera.cfa import CFA, at
from raydrift.camera.demosaic.sites import assembled
from raydrift.camera.planes import Plane, Planes

# Eighths, as in the paper's figure 2.
_GREEN: Final = (
    (0, 0, -1, 0, 0),
    (0, 0, 2, 0, 0),
    (-1, 2, 4, 2, -1),
    (0, 0, 2, 0, 0),
    (0, 0, -1, 0, 0),
)
_ALONG_ROW: Final = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
_ACROSS: Final = (
    (0, 0, -1.5, 0, 0),
    (0, 2, 0, 2, 0),
    (-1.5, 0, 6, 0, -1.5),
    (0, 2, 0, 2, 0),
    (0, 0, -1.5, 0, 0),
)


def malvar(mosaic: Plane, cfa: CFA, compat: bool = False) -> Planes:
    """Four filters of 5 × 5 pixels over the mosaic, one for each kind of neighbourhood.

    Malvar, He and Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned
    color images" (ICASSP 2004).

    Args:
        mosaic: float32 or float64, (height, width).
        cfa: Its pattern.
        compat: Repeat the edge pixel beyond the border, though another colour belongs there.

    Returns:
        Planes (3, height, width).
    """
    border = cv2.BORDER_REFLECT if compat else cv2.BORDER_REFLECT_101

    def filtered(eighths: npt.ArrayLike) -> Any:
        return cv2.filter2D(mosaic, -1, np.array(eighths) / 8, borderType=border)

    green = filtered(_GREEN)
    for place, colour in enumerate(cfa.colours):
        if colour == 1:
            index = at(divmod(place, 2))
            green[index] = mosaic[index]
    along_row, along_column = filtered(_ALONG_ROW), filtered(np.transpose(_ALONG_ROW))
    return assembled(mosaic, green, along_row, along_column, filtered(_ACROSS), cfa)

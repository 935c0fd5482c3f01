"""Puts together what was found for red and blue at the places of the pattern."""

import numpy as np

from raydrift.camera.cfa import CFA, at
from raydrift.camera.planes import Plane, Planes


def assembled(
    mosaic: Plane, green: Plane, along_row: Plane, along_column: Plane, across: Plane, cfa: CFA
) -> Planes:
    """The planes of a mosaic; of each argument only the pixels that are named are looked at.

    Args:
        mosaic: What was seen, (height, width).
        green: Green everywhere.
        along_row: At green pixels: the colour of their row's other pixels.
        along_column: At green pixels: the colour of their column's other pixels.
        across: At red pixels blue, at blue pixels red.
        cfa: The pattern.

    Returns:
        Planes (3, height, width).
    """
    planes = np.empty((3, *mosaic.shape), mosaic.dtype)
    planes[1] = green
    for plane, own, other in ((planes[0], cfa.red, cfa.blue), (planes[2], cfa.blue, cfa.red)):
        for site, source in (
            (own, mosaic),
            ((own[0], other[1]), along_row),
            ((other[0], own[1]), along_column),
            (other, across),
        ):
            plane[at(site)] = source[at(site)]
    return planes

"""Red, green and blue as planes of their own, which filters run over without gaps."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.camera.matrices import Matrix, Row

Plane = npt.NDArray[np.floating[Any]]
"""float32 or float64, (height, width)."""

Planes = npt.NDArray[np.floating[Any]]
"""float32 or float64, (3, height, width): red, green and blue."""


def weighted(planes: Planes, weights: Row, out: Plane | None = None) -> Plane:
    """The sum of the planes by their weights.

    ``cv2.transform`` does the same, but has code of its own for AVX-512.
    """
    total = cv2.addWeighted(planes[0], weights[0], planes[1], weights[1], 0, dst=out)
    found: Plane = cv2.addWeighted(total, 1, planes[2], weights[2], 0, dst=total)
    return found


def mixed(planes: Planes, matrix: Matrix, out: Planes | None = None) -> Planes:
    """The matrix times (red, green, blue) of each pixel."""
    result = np.empty_like(planes) if out is None else out
    for row, plane in zip(matrix, result, strict=True):
        weighted(planes, row, plane)
    return result


def interleaved(planes: Planes) -> npt.NDArray[np.floating[Any]]:
    """Channels last, (height, width, 3), as images are kept."""
    image: npt.NDArray[np.floating[Any]] = cv2.merge([*planes])
    return image

"""From parameters to the matrix that says where each pixel comes from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.compat import FIXED, KERAS3, KP112

Matrix = npt.NDArray[np.float64]


def matrix(
    parameters: Mapping[str, Any], height: int, width: int, compat: str = FIXED
) -> Matrix | None:
    """The matrix from (row, column, 1) in the result to (row, column, 1) in the image.

    It is rotation · shift · shear · zoom about a centre, as in Keras. In ``fixed``, x is the column
    and the centre is that of the image. ``keras3`` swaps the centre's coordinates, which moves what
    is not square. In ``kp112``, x is the row, and the centre is a pixel off.

    Args:
        parameters: ``theta`` and ``shear`` in degrees, ``tx`` and ``ty`` in pixels, ``zx`` and
            ``zy``; what is missing is neutral.
        height: The image's height in pixels.
        width: Its width.
        compat: Whose geometry it is.

    Returns:
        A 3 × 3 matrix; None: nothing is to do.

    >>> matrix({"tx": 2}, 24, 32)
    array([[1., 0., 0.],
           [0., 1., 2.],
           [0., 0., 1.]])
    """
    about = linear(parameters)
    return None if about is None else placed(about, height, width, compat)


def placed(about: Matrix, height: int, width: int, compat: str = FIXED) -> Matrix:
    """A matrix over (x, y, 1) about the origin as one over (row, column, 1) about the centre."""
    if compat == KP112:
        return centred(about, height / 2 + 0.5, width / 2 + 0.5)
    x, y = (height, width) if compat == KERAS3 else (width, height)
    return centred(about, x / 2 - 0.5, y / 2 - 0.5)[np.ix_(_ROW_FIRST, _ROW_FIRST)]


_ROW_FIRST = [1, 0, 2]


def linear(parameters: Mapping[str, Any]) -> Matrix | None:
    """The matrix over (x, y, 1) about the origin; None: nothing is to do."""
    product: Matrix | None = None
    theta, shear = parameters.get("theta", 0), parameters.get("shear", 0)
    tx, ty = parameters.get("tx", 0), parameters.get("ty", 0)
    zx, zy = parameters.get("zx", 1), parameters.get("zy", 1)
    if theta != 0:
        angle = np.deg2rad(theta)
        cos, sin = np.cos(angle), np.sin(angle)
        product = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float64)
    if tx != 0 or ty != 0:
        product = _times(product, [[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear != 0:
        angle = np.deg2rad(shear)
        product = _times(product, [[1, -np.sin(angle), 0], [0, np.cos(angle), 0], [0, 0, 1]])
    if zx != 1 or zy != 1:
        product = _times(product, [[zx, 0, 0], [0, zy, 0], [0, 0, 1]])
    return product


def centred(about: Matrix, x: float, y: float) -> Matrix:
    """A matrix over (x, y, 1), moved to a centre."""
    there = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
    back = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]], np.float64)
    product: Matrix = there @ about @ back
    return product


def _times(product: Matrix | None, factor: list[list[float]]) -> Matrix:
    right = np.array(factor, np.float64)
    return right if product is None else product @ right

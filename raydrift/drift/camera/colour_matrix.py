"""``isp_colour_matrix``."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from raydrift.camera import XYZ_TO_CAMERA, Rendering, colour_matrix_from
from raydrift.camera.camera import IDENTITY
from raydrift.camera.matrices import Matrix, matrix_of
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters

_OTHERS: Final = tuple(map(colour_matrix_from, XYZ_TO_CAMERA))


@dataclass(frozen=True)
class IspColourMatrix(CameraTransform):
    """Corrects colours as another camera does, or not at all.

    Attributes:
        share: At level 1, how much of the other matrix there is: 1 is all of it.
    """

    name = "isp_colour_matrix"
    help = "Corrects colours with another camera's matrix: they turn pale, or too strong."
    draws = "a matrix between one of 4 cameras' and no correction"
    at_level = "matrix + {share:g}·L·(the drawn one - the reference)"

    share: float = 1.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``matrix``, the other one as three rows, and ``share``."""
        other = _OTHERS[int(rng.integers(len(_OTHERS)))]
        between = _moved(other, IDENTITY, other, float(rng.uniform()))
        return {"matrix": [list(row) for row in between], "share": self.share * level}

    def developed(
        self,
        rendering: Rendering,
        reference: Rendering,
        matrix: list[list[float]],
        share: float,
        **_: Any,
    ) -> Rendering:
        """Moves the matrix by the difference."""
        moved = _moved(rendering.colour_matrix, matrix_of(matrix), reference.colour_matrix, share)
        return replace(rendering, colour_matrix=moved)


def _moved(now: Matrix, other: Matrix, reference: Matrix, share: float) -> Matrix:
    return matrix_of(
        [x + share * (y - z) for x, y, z in zip(*rows, strict=True)]
        for rows in zip(now, other, reference, strict=True)
    )

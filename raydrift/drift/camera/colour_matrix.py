"""``isp_colour_matrix``."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from raydrift.camera import XYZ_TO_CAMERA, Rendering, colour_matrix_from
from raydrift.camera.camera import IDENTITY
from raydrift.camera.matrices import Matrix
from raydrift.drift.camera.span import Span, Spans
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters

_OTHERS: Final = tuple(map(colour_matrix_from, XYZ_TO_CAMERA))
_BETWEEN: Final = Span(
    *(
        [[end(cells) for cells in zip(*rows, strict=True)] for rows in zip(*ends, strict=True)]
        for ends in [(*_OTHERS, IDENTITY)]
        for end in (min, max)
    )
)


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
        share = self.spans(level)["share"].most
        return {"matrix": [list(row) for row in between], "share": share}

    def spans(self, level: float) -> Spans:
        """All matrices that can be drawn, at any level; and from none of them on."""
        return {"matrix": _BETWEEN, "share": Span(0.0, self.share * level)}

    def nearest(
        self, level: float, *_: Any, matrix: list[list[float]], share: float, **__: Any
    ) -> Parameters:
        """The nearest matrix on one of the lines from a camera's to no correction."""
        lines = (_on_line(other, matrix) for other in _OTHERS)
        found = min(lines, key=lambda one: _distance(one, matrix))
        return {
            "matrix": [list(row) for row in found],
            "share": self.spans(level)["share"].nearest(share),
        }

    def developed(
        self,
        rendering: Rendering,
        reference: Rendering,
        matrix: list[list[float]],
        share: float,
        **_: Any,
    ) -> Rendering:
        """Moves the matrix by the difference."""
        moved = _moved(rendering.colour_matrix, matrix, reference.colour_matrix, share)
        return replace(rendering, colour_matrix=moved)


def _moved(now: Matrix, other: Any, reference: Matrix, share: float) -> Matrix:
    """The matrix now, and a share of the difference of two others; cells may be tensors."""
    first, second, third = (
        tuple(x + share * (y - z) for x, y, z in zip(*rows, strict=True))
        for rows in zip(now, other, reference, strict=True)
    )
    return first, second, third


def _on_line(end: Matrix, matrix: Any) -> Matrix:
    """The matrix nearest to another one, of those between a camera's and no correction."""
    along = [x - y for x, y in zip(_cells(IDENTITY), _cells(end), strict=True)]
    away = [x - y for x, y in zip(_cells(matrix), _cells(end), strict=True)]
    part = sum(x * y for x, y in zip(along, away, strict=True)) / sum(x * x for x in along)
    return _moved(end, IDENTITY, end, min(max(part, 0.0), 1.0))


def _distance(one: Matrix, other: Any) -> float:
    return sum((x - y) ** 2 for x, y in zip(_cells(one), _cells(other), strict=True))


def _cells(matrix: Any) -> list[float]:
    return [cell for row in matrix for cell in row]

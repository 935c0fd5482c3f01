"""Menon's demosaicing: along rows or along columns, whichever bends the colours less."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.camera.cfa import CFA, at
from raydrift.camera.demosaic.sites import assembled
from raydrift.camera.planes import Plane, Planes

_MIRRORED: Final = cv2.BORDER_REFLECT_101

_COLUMN: Final = 0
_ROW: Final = 1

COLOUR_LESS_GREEN: Final = ((0.25, -0.5, 0.5, -0.5, 0.25),)
"""Along a direction, what the first estimate of C is."""

MEAN: Final = ((0.5, 0.0, 0.5),)
REFINED: Final = ((1 / 6, 0.0, 4 / 6, 0.0, 1 / 6),)
COLUMN_LESS_ROW: Final = ((0.0, 0.5, 0.0), (-0.5, 0.0, -0.5), (0.0, 0.5, 0.0))

_NEAR: Final = ((1, 0, 1), (0, 1, 0), (3, 0, 3), (0, 1, 0), (1, 0, 1))


def menon(mosaic: Plane, cfa: CFA, compat: bool = False) -> Planes:
    """Directional interpolation with an a posteriori decision, and the refining step.

    Menon, Andriani and Calvagno, "Demosaicing with directional filtering and a posteriori decision"
    (IEEE Transactions on Image Processing 16, 2007).

    The published code works on red, green and blue. Here everything is a difference of colours,
    which the mosaic is added to at the end: C, own colour less green, at red and blue pixels, and
    what it makes of the others. All steps are linear but for the choice of the direction, so that
    what is done twice there (the first estimate, then its refinement) is one filter here.

    Args:
        mosaic: float32 or float64, (height, width).
        cfa: Its pattern.
        compat: Compare directions with nothing beyond the border, as published; else mirrored.

    Returns:
        Planes (3, height, width).
    """
    # One block of memory: what is given back at once, is there at once for the next mosaic.
    by_row, own, refined, row_mean, column_mean, across, spare, green = np.empty(
        (8, *mosaic.shape), mosaic.dtype
    )
    rows = _first_estimates(mosaic, cfa, compat, by_row, own).view(np.uint8)
    cv2.copyTo(by_row, rows, own)

    def choose(plane: Plane, weights: Plane, result: Plane, sign: int = 1) -> None:
        """Filters along the rows where they were chosen, else along the columns."""
        _filter(plane, sign * weights.T, result)
        cv2.copyTo(_filter(plane, weights, spare), rows, result)

    choose(own, np.array(REFINED), refined)
    _filter(refined, np.array(MEAN), row_mean)
    _filter(refined, np.array(MEAN).T, column_mean)
    # Red less blue at green pixels: a third of the first estimate, two of the refined one.
    both = cv2.addWeighted(own, 1 / 3, refined, 2 / 3, 0, dst=by_row)
    choose(_filter(both, np.array(COLUMN_LESS_ROW), own), np.array(MEAN), across, sign=-1)
    for difference in (row_mean, column_mean, across):
        difference += mosaic
    np.subtract(mosaic, refined, out=green)
    return assembled(mosaic, green, row_mean, column_mean, across, cfa)


def chosen_rows(mosaic: Plane, cfa: CFA, compat: bool = False) -> npt.NDArray[np.bool_]:
    """Where the colours are interpolated along the rows, else along the columns.

    Args:
        mosaic: As for ``menon``.
        cfa: Its pattern.
        compat: As for ``menon``.

    Returns:
        bool, (height, width).
    """
    by_row, by_column = np.empty((2, *mosaic.shape), mosaic.dtype)
    return _first_estimates(mosaic, cfa, compat, by_row, by_column)


def _first_estimates(
    mosaic: Plane, cfa: CFA, compat: bool, by_row: Plane, by_column: Plane
) -> npt.NDArray[np.bool_]:
    """Fills in C along the rows and along the columns, and says where rows bend it less."""
    _colour_less_green(mosaic, cfa, _ROW, by_row)
    _colour_less_green(mosaic, cfa, _COLUMN, by_column)
    rows: npt.NDArray[np.bool_] = np.asarray(
        _bends(by_column, _COLUMN, compat) >= _bends(by_row, _ROW, compat)
    )
    return rows


def _filter(plane: Plane, weights: Plane, result: Plane) -> Plane:
    found: Plane = cv2.filter2D(plane, -1, weights, dst=result, borderType=_MIRRORED)
    return found


def _colour_less_green(mosaic: Plane, cfa: CFA, along: int, result: Plane) -> None:
    """C by the green of the row or of the column: 0 at green pixels.

    Where both directions are equally good, rounding decides. So these sums, and those of the steps
    below, are taken in the published order: float64 decides as the published code does.
    """
    far_before, before, itself, after, far_after = _neighbours(mosaic, along)
    green = np.add(before, after, out=result)
    green *= 0.5
    rest = far_before + far_after
    rest *= 0.25
    green += np.subtract(itself * 0.5, rest, out=rest)
    np.subtract(mosaic, green, out=result)
    for place, colour in enumerate(cfa.colours):
        if colour == 1:
            result[at(divmod(place, 2))] = 0


def _neighbours(plane: Plane, along: int) -> list[Plane]:
    """The plane moved by -2, -1, 0, 1 and 2 pixels."""
    rows, columns = (2, 0) if along == _COLUMN else (0, 2)
    wide = cv2.copyMakeBorder(plane, rows, rows, columns, columns, _MIRRORED)
    length = plane.shape[along]
    starts = [slice(start, start + length) for start in range(5)]
    return [wide[start] if along == _COLUMN else wide[:, start] for start in starts]


def _bends(differences: Plane, along: int, compat: bool) -> Plane:
    """How much C changes along the direction, about each pixel."""
    if along == _COLUMN:
        wide = cv2.copyMakeBorder(differences, 2, 2, 0, 0, _MIRRORED)
        steps, weights = cv2.absdiff(wide[:-2], wide[2:]), np.transpose(_NEAR)
    else:
        wide = cv2.copyMakeBorder(differences, 0, 0, 2, 2, _MIRRORED)
        steps, weights = cv2.absdiff(wide[:, :-2], wide[:, 2:]), np.array(_NEAR)
    border = _MIRRORED
    if compat:  # where steps begin before the image, there are none
        (steps[:2] if along == _COLUMN else steps[:, :2])[:] = 0
        border = cv2.BORDER_CONSTANT
    found = cv2.filter2D(steps, -1, weights.astype(np.float64), borderType=border)
    near: Plane = found[1:-1] if along == _COLUMN else found[:, 1:-1]
    return near

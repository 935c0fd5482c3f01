"""Colour filter arrays: which colour a pixel of a sensor sees."""

from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError

Site = tuple[int, int]
"""A place in the 2 × 2 pattern: row and column, 0 or 1."""

RED: Final = 0
GREEN: Final = 1
BLUE: Final = 2


class CFA(StrEnum):
    """The four Bayer patterns, by the colours of the first two rows of two pixels each.

    >>> CFA.RGGB.cropped(top=1, left=0)
    <CFA.GBRG: 'GBRG'>
    """

    RGGB = "RGGB"
    BGGR = "BGGR"
    GRBG = "GRBG"
    GBRG = "GBRG"

    @property
    def red(self) -> Site:
        """Where the red pixel is."""
        return divmod(self.value.index("R"), 2)

    @property
    def blue(self) -> Site:
        """Where the blue pixel is: across from the red one."""
        return divmod(self.value.index("B"), 2)

    @property
    def colours(self) -> tuple[int, int, int, int]:
        """The channel (0 red, 1 green, 2 blue) of each place: (0, 0), (0, 1), (1, 0), (1, 1)."""
        first, second, third, fourth = ("RGB".index(colour) for colour in self.value)
        return first, second, third, fourth

    def cropped(self, top: int, left: int) -> "CFA":
        """The pattern of what is left when rows at the top and columns at the left are cut off."""
        row, column = self.red
        return _with_red_at((row + top) % 2, (column + left) % 2)

    def flipped_up_down(self, height: int) -> "CFA":
        """The pattern of a mosaic of so many rows once the last row is the first."""
        return self.cropped(top=height - 1, left=0)

    def flipped_left_right(self, width: int) -> "CFA":
        """The pattern of a mosaic of so many columns once the last column is the first."""
        return self.cropped(top=0, left=width - 1)


def _with_red_at(row: int, column: int) -> CFA:
    return next(cfa for cfa in CFA if cfa.red == (row, column))


def cfa_of(given: object) -> CFA:
    """The pattern of this name.

    Raises:
        SettingsError: There is none.
    """
    try:
        return CFA(str(given))
    except ValueError:
        raise SettingsError(f"cfa is {given!r}: choose from: {', '.join(CFA)}") from None


def at(site: Site) -> tuple[slice, slice]:
    """The index of all pixels at a place of the pattern."""
    return slice(site[0], None, 2), slice(site[1], None, 2)


def mosaicked(
    planes: npt.NDArray[Any], cfa: CFA, black_level: tuple[float, ...] = (0.0,) * 4
) -> npt.NDArray[Any]:
    """What a sensor behind the array sees of a picture: of each pixel one colour.

    Args:
        planes: Red, green and blue, of shape (3, height, width).
        cfa: The pattern.
        black_level: Added by place.

    Returns:
        The mosaic, (height, width), of the planes' dtype.
    """
    mosaic = np.empty(planes.shape[1:], planes.dtype)
    for place, (colour, level) in enumerate(zip(cfa.colours, black_level, strict=True)):
        index = at(divmod(place, 2))
        np.add(planes[colour][index], planes.dtype.type(level), out=mosaic[index])
    return mosaic

"""Rows of a page's tables of classes, whose cells are shaded by their values."""

from dataclasses import dataclass
from typing import Final

SHADE: Final = 0.45
"""Of the strongest cell; ink on it is readable."""


@dataclass(frozen=True)
class Cell:
    """A value.

    Attributes:
        text: As it is read.
        shade: How strongly it is coloured, 0 to 1.
    """

    text: str
    shade: float


@dataclass(frozen=True)
class ClassRow:
    """A class, its images, and a cell for each column."""

    name: str
    samples: int
    cells: tuple[Cell, ...]

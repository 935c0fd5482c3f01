"""The colours and the thinning that all plots of levels share."""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np

INK: Final = "#1c2430"
SOFT: Final = "#5b6572"
GRID: Final = "#e2e5ea"

LINE: Final = "#365c8d"
"""Of what was measured."""

SPREAD: Final = "#7f9cc0"
"""Of the interval about it."""

LOSS: Final = "#d1495b"
"""Of what is lost, and of where a model breaks."""

NO_LOSS: Final = "#f4f6f9"

_SCALE: Final = ("#46327e", "#365c8d", "#277f8e", "#1fa187", "#7cb518", "#e09f00", "#d1495b")
"""Weak to strong drift: parts that differ in lightness and in hue, all readable on white."""

_T = TypeVar("_T")


def level_colours(count: int) -> list[str]:
    """A colour a level, from weak to strong drift, as ``#rrggbb``.

    >>> level_colours(2)
    ['#46327e', '#d1495b']
    """
    stops = np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in _SCALE])
    places = np.linspace(0, len(stops) - 1, count) if count > 1 else np.array([1.0])
    parts = np.stack([np.interp(places, range(len(stops)), part) for part in stops.T], axis=1)
    return ["#" + "".join(f"{round(value):02x}" for value in colour) for colour in parts]


def spaced(items: Sequence[_T], most: int) -> list[_T]:
    """At most so many of some items, evenly spaced, the first and the last among them.

    >>> spaced(range(10), 4)
    [0, 3, 6, 9]
    """
    if len(items) <= most:
        return list(items)
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, most)]

"""The numbers of a box plot, the same for the picture and for the page."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_MOST_OUTLIERS: Final = 100  # at either end


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        lower: Quartile.
        median: The middle value.
        upper: Quartile.
        low: The smallest value that is no outlier.
        high: The largest value that is no outlier.
        outliers: Values more than 1.5 box lengths outside the box; of many, those furthest out.
    """

    lower: float
    median: float
    upper: float
    low: float
    high: float
    outliers: tuple[float, ...]


def box_of(values: npt.NDArray[np.float64]) -> Box | None:
    """The box of some values; None where there is none but NaN."""
    from matplotlib.cbook import boxplot_stats

    there = values[np.isfinite(values)]
    if not len(there):
        return None
    (found,) = boxplot_stats(there)
    outliers = np.sort(found["fliers"])
    if len(outliers) > 2 * _MOST_OUTLIERS:
        outliers = np.concatenate([outliers[:_MOST_OUTLIERS], outliers[-_MOST_OUTLIERS:]])
    return Box(
        float(found["q1"]),
        float(found["med"]),
        float(found["q3"]),
        float(found["whislo"]),
        float(found["whishi"]),
        tuple(outliers.tolist()),
    )

"""The mean and the deviation of each channel of a set of any size, counted in parts.

The sums are exact: those of whole numbers as they are, those of an image of floats as float64 gives
them, added up without rounding. So the parts may be counted by any number of workers, in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Statistics:
    """The sums over a part of a set; those of two parts are added.

    Attributes:
        count: How many pixels.
        sums: Of each channel.
        squares: The sum of the squares of each channel.

    >>> parts = Statistics.of(np.array([[[1], [2]]])) + Statistics.of(np.array([[[6]]]))
    >>> parts.mean, parts.std.round(3)
    (array([3.]), array([2.16]))
    """

    count: int = 0
    sums: tuple[Fraction, ...] = ()
    squares: tuple[Fraction, ...] = ()

    @classmethod
    def of(cls, image: Image, channel_axis: int = -1) -> "Statistics":
        """Counts one image, or a few.

        Args:
            image: Of any number of axes, whole numbers or floats.
            channel_axis: Which of them is that of channels.
        """
        planes = np.moveaxis(image, channel_axis, 0).reshape(image.shape[channel_axis], -1)
        sums = [_sums(plane) for plane in planes]
        return cls(
            planes.shape[1], tuple(first for first, _ in sums), tuple(second for _, second in sums)
        )

    def __add__(self, other: "Statistics") -> "Statistics":
        """The statistics of both parts.

        Raises:
            ValueError: They have different numbers of channels.
        """
        if not self.count:
            return other
        if not other.count:
            return self
        return Statistics(
            self.count + other.count,
            tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
            tuple(a + b for a, b in zip(self.squares, other.squares, strict=True)),
        )

    @property
    def mean(self) -> Floats:
        """float64 of shape (channels,)."""
        return np.array([float(total / self.count) for total in self.sums])

    @property
    def std(self) -> Floats:
        """float64 of shape (channels,): the deviation of the whole, not of a sample of more."""
        variances = (
            square / self.count - (total / self.count) ** 2
            for total, square in zip(self.sums, self.squares, strict=True)
        )
        return np.array([max(float(variance), 0.0) ** 0.5 for variance in variances])

    def rescaled(self, factor: float) -> "Statistics":
        """The statistics of the same pixels, multiplied."""
        by = Fraction(factor)
        return Statistics(
            self.count,
            tuple(total * by for total in self.sums),
            tuple(square * by * by for square in self.squares),
        )


def count(images: Iterable[Image], channel_axis: int = -1) -> Statistics:
    """Counts images, one after the other."""
    whole = Statistics()
    for image in images:
        whole += Statistics.of(image, channel_axis)
    return whole


def broadcast(numbers: Floats, channel_axis: int, dtype: npt.DTypeLike) -> Image:
    """A number for each channel, in the shape that an image of 3 axes is calculated with.

    Args:
        numbers: Of shape (channels,).
        channel_axis: Of an image: 0 or 2.
        dtype: Of the result.

    >>> broadcast(np.array([1.0, 2.0]), 2, "float32").shape
    (1, 1, 2)
    """
    shape = [1, 1, 1]
    shape[channel_axis] = len(numbers)
    return numbers.reshape(shape).astype(dtype)


def _sums(plane: Image) -> tuple[Fraction, Fraction]:
    """The sum of the numbers and that of their squares."""
    if plane.dtype == np.uint8:
        found = np.bincount(plane, minlength=256)
        levels = np.arange(256)
        return Fraction(int(found @ levels)), Fraction(int(found @ levels**2))
    if not plane.size:
        return Fraction(0), Fraction(0)
    away = plane.astype(np.float64)
    about = float(away.mean())
    away -= about  # else the squares of what is far from 0 leave no room for their differences
    first, second = Fraction(float(away.sum())), Fraction(float(np.square(away, out=away).sum()))
    n, middle = plane.size, Fraction(about)
    return first + n * middle, second + 2 * middle * first + n * middle**2

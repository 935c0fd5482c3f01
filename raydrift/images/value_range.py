"""Sample values to 8 bits: which value becomes black, and which one white.

Samples of up to 8 bits span what their bits span. For others the range is a setting, or what the
run found in its input, and else what the kind of sample promises. It never comes from the extremes
of the one image: a single odd pixel would then change all the others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.settings.image import ImageSettings
from raydrift.settings.ranges import Range

Samples = npt.NDArray[Any]

_SEEN: Final = 2**16  # pixels that are looked at in an image
_TAIL: Final = 0.001  # of the pixels, on either side, may be anything
_LEAST_SPREAD: Final = 64  # grey levels; what spans fewer looks dark or flat
_CUT_OFF: Final = 0.01  # of the pixels
_BLOCK: Final = 2**20  # samples that are converted at once

# What stands for "nothing was measured here" where no tag says so, and is no value of a picture;
# of integers also the ends of their type, without which an image spans nearly the same.
_NO_VALUES: Final[tuple[float, ...]] = (-9999.0, -99999.0, -32768.0)
_HUGE: Final = 1e30


@dataclass(frozen=True)
class Values:
    """What is in an image whose samples have more than 8 bits, a sign or a point.

    Attributes:
        kind: The type of its samples, as ``uint16``, ``int16`` or ``float32``.
        low: All but a thousandth of its values are at least this.
        high: And at most this.
    """

    kind: str
    low: float
    high: float


def bits_of(kind: str) -> tuple[str, int]:
    """A kind of sample in its parts: ``uint``, ``int`` or ``float``, and how many bits."""
    name, bits = re.fullmatch(r"(\D+)(\d+)", kind).groups()  # type: ignore[union-attr]
    return name, int(bits)


def is_deep(kind: str) -> bool:
    """Whether the range of a kind of sample is a setting; that of 8 bits is not."""
    name, bits = bits_of(kind)
    return name != "uint" or bits > 8


def promised(kind: str) -> Range:
    """The range that a kind of sample has by itself.

    >>> promised("uint12"), promised("int16"), promised("float32")
    ((0.0, 4095.0), (0.0, 32767.0), (0.0, 1.0))
    """
    name, bits = bits_of(kind)
    if name == "float":
        return 0.0, 1.0
    return 0.0, float(2 ** (bits if name == "uint" else bits - 1) - 1)


def range_of(kind: str, settings: ImageSettings) -> Range:
    """The range of a kind of sample: that of the settings, else the promised one."""
    given = settings.value_range
    if given is None or not is_deep(kind):
        return promised(kind)
    if isinstance(given, Mapping):
        return given.get(kind) or promised(kind)
    return given


def seen(samples: Samples, missing: float | None) -> Samples:
    """The values at some tens of thousands of places all over an image, those that say something.

    Args:
        samples: An array of shape (height, width) or (height, width, bands).
        missing: The value that stands for "nothing was measured here".
    """
    step = max(1, isqrt(samples.shape[0] * samples.shape[1] // _SEEN))
    values = samples[::step, ::step].reshape(-1)
    if samples.dtype.kind == "f":
        values = values[np.isfinite(values)].astype(np.float64)
        values = values[np.abs(values) < _HUGE]
    nothing = [*_NO_VALUES] if missing is None else [*_NO_VALUES, missing]
    if samples.dtype.kind in "iu" and samples.dtype.itemsize > 1:
        ends = np.iinfo(samples.dtype)
        nothing += [ends.max, *([ends.min] if ends.min else [])]
    for value in nothing:
        values = values[values != value]
    return values


def spread(kind: str, values: Samples) -> Values | None:
    """What some values span, but for a few odd ones; None where there are none."""
    if not len(values):
        return None
    low, high = np.quantile(values, (_TAIL, 1 - _TAIL), method="nearest")
    return Values(kind, float(low), float(high))


def remarks_on(values: Samples, spread: Values, to: Range) -> tuple[str, ...]:
    """What is to be said where a range does not fit an image.

    Args:
        values: ``seen`` in it.
        spread: Theirs.
        to: The range that it is drawn in.
    """
    low, high = to
    told = f"their {spread.kind} values in the range {low:g} to {high:g}"
    ends = np.clip([(end - low) / (high - low) for end in (spread.low, spread.high)], 0, 1)
    if spread.high > spread.low and 255 * (ends[1] - ends[0]) < _LEAST_SPREAD:
        return (f"came out black, dark or flat, with {told}: set image.value_range",)
    outside = np.count_nonzero((values < low) | (values > high)) / len(values)
    if outside > _CUT_OFF:
        return (f"lost what is darkest or brightest, with {told}: set image.value_range",)
    return ()


def to_8_bits(samples: Samples, to: Range) -> npt.NDArray[np.uint8]:
    """Draws samples in 8 bits; what is outside the range is black or white, NaN is black.

    Args:
        samples: An array of any shape and real dtype.
        to: Their range.
    """
    if samples.dtype.kind in "ui" and samples.dtype.itemsize <= 2:
        places = np.arange(2 ** (8 * samples.dtype.itemsize)).astype(f"u{samples.dtype.itemsize}")
        table = _levels(places.view(samples.dtype), to)
        drawn: npt.NDArray[np.uint8] = table[samples.view(places.dtype)]
        return drawn
    levels = np.empty(samples.shape, np.uint8)
    rows = max(1, _BLOCK // max(1, samples[:1].size))
    for row in range(0, len(samples), rows):
        levels[row : row + rows] = _levels(samples[row : row + rows], to)
    return levels


def _levels(samples: Samples, to: Range) -> npt.NDArray[np.uint8]:
    low, high = to
    exact = np.float32 if samples.dtype.kind == "f" and samples.dtype.itemsize <= 4 else np.float64
    with np.errstate(invalid="ignore", over="ignore"):
        values: Any = samples.astype(exact)
        if low:
            values -= exact(low)
        values *= exact(255 / (high - low))
        np.clip(np.rint(values, out=values), 0, 255, out=values)
        levels: npt.NDArray[np.uint8] = np.nan_to_num(values, copy=False).astype(np.uint8)
    return levels

"""Ranges of sample values, as they are set: what becomes black, and what becomes white.

Samples of up to 8 bits need none. For all others it is ``[0, 4095]``, or a table of one for each
kind of sample: ``{uint16 = [0, 4095], float32 = [0, 1]}``.
"""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from raydrift.errors import SettingsError

Range = tuple[float, float]
"""The value that becomes black, and the one that becomes white."""

_KIND: Final = re.compile(r"uint(9|[1-5]\d|6[0-4])|int([1-9]|[1-5]\d|6[0-4])|float(16|24|32|64)")


def checked_range(given: object) -> Range | dict[str, Range] | None:
    """A range, or one for each kind of sample, as pairs of floats.

    Raises:
        SettingsError: It is not one.

    >>> checked_range([0, 4095]), checked_range({"int16": [-1000, 3000]})
    ((0.0, 4095.0), {'int16': (-1000.0, 3000.0)})
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        return _pair(given)
    for kind in given:
        if not isinstance(kind, str) or not _KIND.fullmatch(kind):
            raise SettingsError(
                f"image.value_range has {kind!r}: name kinds of samples that a range is for, "
                "uint9 to uint64, int8, int16, float32 and the like"
            )
    return {kind: _pair(given[kind]) for kind in sorted(given)}


def parse_range(text: str) -> Range:
    """Reads ``LOW,HIGH``.

    >>> parse_range("-1000,3000")
    (-1000.0, 3000.0)
    """
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise SettingsError(f"value range {text!r}: write LOW,HIGH, e.g. 0,4095") from None
    return low, high


def plain_range(given: Range | Mapping[str, Range] | None) -> object:
    """A range, or one for each kind of sample, in lists, as a file has it."""
    if isinstance(given, Mapping):
        return {kind: list(ends) for kind, ends in given.items()}
    return None if given is None else list(given)


def _pair(ends: object) -> Range:
    if isinstance(ends, Sequence) and len(ends) == 2:
        numbers = [end for end in ends if isinstance(end, int | float) and isfinite(end)]
        if len(numbers) == 2 and numbers[0] < numbers[1]:
            return float(numbers[0]), float(numbers[1])
    raise SettingsError(f"image.value_range is {ends!r}: give [low, high], low below high")

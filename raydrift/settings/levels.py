"""Several drift levels, as they are written on the command line."""

from typing import Final

from raydrift.errors import SettingsError
from raydrift.transforms import check_level

_MOST: Final = 1000
_DIGITS: Final = 12  # 0.1 + 2 * 0.1 is 0.3


def parse_levels(text: str) -> tuple[float, ...]:
    """Reads ``FIRST:LAST:STEP``, both ends included, or a list with commas.

    Returns:
        The levels in rising order, each from 0 to 1.

    Raises:
        SettingsError: It is neither, a level is not from 0 to 1 or comes twice, or the steps do not
            lead from the first to the last.

    >>> parse_levels("0.1:0.4:0.1")
    (0.1, 0.2, 0.3, 0.4)
    >>> parse_levels("1,0.25")
    (0.25, 1.0)
    """
    ranged = ":" in text
    try:
        numbers = [float(part) for part in text.split(":" if ranged else ",")]
    except ValueError:
        numbers = []
    if not numbers or (ranged and len(numbers) != 3):
        raise SettingsError(f"levels {text!r}: write FIRST:LAST:STEP or a list, 0.2,0.4,0.8")
    levels = _steps(text, *numbers) if ranged else numbers
    for level in levels:
        check_level(level, f"levels {text!r}")
    if len(set(levels)) < len(levels):
        raise SettingsError(f"levels {text!r}: one comes twice: write each once")
    return tuple(sorted(levels))


def _steps(text: str, first: float, last: float, step: float) -> list[float]:
    if not (step > 0 and 0 <= last - first <= 1):
        raise SettingsError(f"levels {text!r}: write FIRST:LAST:STEP as 0.1:1.0:0.1")
    count = int((last - first) / step + 1e-9) + 1 if (last - first) / step < _MOST else _MOST + 1
    if count > _MOST:
        raise SettingsError(f"levels {text!r} are more than {_MOST}: give a larger step")
    return [round(first + number * step, _DIGITS) for number in range(count)]

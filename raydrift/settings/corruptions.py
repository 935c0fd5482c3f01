"""Which severities of the published corruptions are measured, as they are written."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any, Final

from raydrift.errors import SettingsError

NONE: Final = "none"
"""In the place of severities: no picture is corrupted."""

SEVERITIES: Final = (1, 2, 3, 4, 5)


def severities(given: object) -> tuple[int, ...]:
    """The severities that are asked for, rising.

    Args:
        given: A whole number from 1 to 5, several of them, or text: ``3``, ``1,3,5``,
            ``FIRST:LAST:STEP`` with both ends, or ``none``.

    Raises:
        SettingsError: It is none of these, or a severity comes twice.

    >>> severities("none"), severities(3), severities("1:5:2"), severities([5, 3])
    ((), (3,), (1, 3, 5), (3, 5))
    """
    found = _read(given) if isinstance(given, str) else _listed(given)
    if found is None or not set(found) <= set(SEVERITIES):
        raise SettingsError(
            f'corruptions is {given!r}: give severities from 1 to 5, as 3, "1,3,5" or "1:5:1", '
            'or "none"'
        )
    if len(set(found)) < len(found):
        raise SettingsError(f"corruptions is {given!r}: a severity comes twice: leave one out")
    return tuple(sorted(found))


def _read(text: str) -> list[int] | None:
    if text == NONE:
        return []
    ranged = ":" in text
    try:
        numbers = [int(part) for part in text.split(":" if ranged else ",")]
    except ValueError:
        return None
    if not ranged:
        return numbers
    if len(numbers) != 3 or numbers[2] < 1 or numbers[0] > numbers[1]:
        return None
    first, last, step = numbers
    return list(range(first, last + 1, step)) if last <= SEVERITIES[-1] else None


def _listed(given: object) -> list[int] | None:
    listed: list[Any] = list(given) if isinstance(given, Iterable) else [given]
    if not all(isinstance(one, Integral) and not isinstance(one, bool) for one in listed):
        return None
    return [int(one) for one in listed]

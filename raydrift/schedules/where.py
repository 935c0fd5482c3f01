"""To whom something happens: filters on a catalog's columns, in the form that pyarrow has."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from numbers import Integral, Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError, suggest

Filters = Mapping[str, Any] | Sequence[Any]
"""What ``plain_where`` takes."""

Where = tuple[tuple[tuple[str, str, Any], ...], ...]
"""(column, operator, value); all of a group hold for one of the groups. Empty: everything."""

_OPERATORS: Final = ("==", "=", "!=", "<", "<=", ">", ">=", "in", "not in")


Masks = tuple[npt.NDArray[np.bool_] | None, ...]
"""For each drift, of which rows of the catalog it is meant; None: of all."""


def among(rows: npt.NDArray[np.int64], where: Masks) -> npt.NDArray[np.bool_] | None:
    """Which drifts are meant for which rows of a catalog, (rows, drifts); None: each is for all."""
    if all(mask is None for mask in where):
        return None
    everyone = np.ones(len(rows), np.bool_)
    return np.stack([everyone if mask is None else mask[rows] for mask in where], axis=1)


def plain_where(where: object) -> Where:
    """Checks filters and brings them into one form.

    Args:
        where: A table of columns and the values they may have, ``{"class": ["cat", "dog"]}``; or
            filters that all hold, ``[("class", "in", ["cat"]), ("temperature", "<", 5)]``; or a
            list of such lists, one of which holds. None or empty: everything. Dates become text.

    Raises:
        SettingsError: It is none of these.

    >>> plain_where({"class": "cat"})
    ((('class', '==', 'cat'),),)
    """
    if where is None or (isinstance(where, Mapping | Sequence) and not where):
        return ()
    if isinstance(where, Mapping):
        where = [
            (column, "in" if _is_list(value) else "==", value) for column, value in where.items()
        ]
    if not _is_list(where):
        raise _no_filter(where)
    filters: Sequence[Any] = where  # type: ignore[assignment]
    if not all(_is_list(one) and one for one in filters):
        raise _no_filter(where)
    groups = [filters] if isinstance(filters[0][0], str) else filters
    return tuple(tuple(_plain_filter(one) for one in group) for group in groups)


def _plain_filter(one: Any) -> tuple[str, str, Any]:
    if not _is_list(one) or len(one) != 3 or not isinstance(one[0], str):
        raise _no_filter(one)
    column, operator, value = one
    if operator not in _OPERATORS:
        raise SettingsError(f"where has {operator!r}: {suggest(str(operator), _OPERATORS)}")
    if (operator in ("in", "not in")) != _is_list(value):
        wanted = "a list" if operator in ("in", "not in") else "one value"
        raise SettingsError(f"where {column} {operator} {value!r}: {operator} takes {wanted}")
    if _is_list(value):
        if not value:
            raise SettingsError(f"where {column} {operator} []: give at least one value")
        return column, operator, tuple(_plain_value(column, item) for item in value)
    return column, "==" if operator == "=" else operator, _plain_value(column, value)


def _plain_value(column: str, value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise SettingsError(f"where {column}: {value!r} is no text, number, truth value, date or time")


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _no_filter(value: object) -> SettingsError:
    return SettingsError(
        f'where has {value!r}: write filters as [["class", "in", ["cat", "dog"]]], '
        'or {"class": ["cat", "dog"]}'
    )


def where_text(where: Where) -> str:
    """Filters in words.

    >>> where_text(plain_where([("class", "in", ["cat", "dog"]), ("temperature", "<", 5)]))
    'class in cat, dog and temperature < 5'
    """
    return " or ".join(" and ".join(map(_told, group)) for group in where)


def _told(one: tuple[str, str, Any]) -> str:
    column, operator, value = one
    return f"{column} {operator} {', '.join(map(str, value)) if _is_list(value) else value}"

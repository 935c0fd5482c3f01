"""Dates and times in filters, as the column that they are compared with has them."""

import re
from datetime import datetime
from typing import Final

import pyarrow as pa

_TIME: Final = re.compile(r"\d[T ]\d")
_ZONE: Final = re.compile(r"(Z|[+-]\d{2}(:?\d{2})?)$", re.IGNORECASE)


def as_column(text: str, kind: pa.DataType) -> pa.Scalar:
    """A date, a time or a duration that is written as text, in the type of a column.

    A date without a zone is UTC, in the text as in the column.

    Raises:
        ValueError: It is none that the column could hold; the message says what to write.

    >>> as_column("2024-06-30", pa.timestamp("s", "Europe/Berlin")).as_py().isoformat()
    '2024-06-30T02:00:00+02:00'
    """
    try:
        if pa.types.is_timestamp(kind):
            return _moment(text.strip(), kind)
        if pa.types.is_date(kind):
            return pa.scalar(_day(text.strip())).cast(kind)
        return pa.scalar(text).cast(kind)
    except (pa.ArrowException, ValueError):
        raise ValueError(f"{text!r} is no {kind}: {_remedy(kind)}") from None


def _moment(text: str, kind: pa.DataType) -> pa.Scalar:
    """The moment in UTC, brought to the zone of the column, if that has one."""
    if not _TIME.search(text):
        text += "T00:00"
    if not _ZONE.search(text.partition("T")[2] or text.partition(" ")[2]):
        text += "Z"
    utc = pa.scalar(text).cast(pa.timestamp(_unit(text, kind), "UTC"))
    return utc.cast(pa.timestamp(utc.type.unit, kind.tz))


def _unit(text: str, kind: pa.DataType) -> str:
    """The column's unit, or a finer one where the text has fractions of a second."""
    if "." not in text or kind.unit == "ns":
        return str(kind.unit)
    return "us" if len(re.split(r"[Z+-]", text.rpartition(".")[2])[0]) <= 6 else "ns"


def _day(text: str) -> str:
    """The day of a text that may have a time, which then has to be midnight."""
    if not _TIME.search(text):
        return text
    moment = datetime.fromisoformat(text)
    if moment.time() != datetime.min.time():
        raise ValueError
    return moment.date().isoformat()


def _remedy(kind: pa.DataType) -> str:
    if pa.types.is_date(kind):
        return "the column has days, write 2024-03-31"
    if pa.types.is_timestamp(kind):
        return "write 2024-03-31 or 2024-03-31T12:00, which are UTC, or 2024-03-31T12:00+02:00"
    return "write it as 12:30:00" if pa.types.is_time(kind) else "write another filter"

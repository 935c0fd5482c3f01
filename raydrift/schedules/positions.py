"""Positions and lengths on the timeline of a stream: samples, fractions or time.

An int counts samples, a float is a fraction of the whole stream, and time is a date or a duration.
As they are configured they are checked and kept in a plain form, which TOML and JSON have too; on
the axis of a stream they all become numbers of samples, exactly: time is counted in microseconds,
which are what dates have, and not in floats of seconds.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from math import ceil, isfinite
from numbers import Integral, Real
from typing import Final

from raydrift.errors import SettingsError
from raydrift.schedules.periods import fraction_of
from raydrift.text import plural

Position = int | float | str | datetime
"""Where something begins or ends: sample index, fraction of the stream, or date (ISO 8601)."""

Length = int | float | str | timedelta
"""How long something lasts: samples, fraction of the stream, or a duration such as ``7d``."""

Plain = int | float | str
"""Either of them as it is kept."""

_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3600, "min": 60, "s": 1}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(w|d|h|min|s)")
_DURATIONS: Final = re.compile(rf"(?:{_DURATION.pattern}\s*)+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST_YEAR: Final = 253_402_300_799 * _SECOND  # what Python's dates end with


def plain_position(value: object, name: str) -> Plain:
    """Checks a position and brings it into its plain form; dates without a zone are UTC.

    Raises:
        SettingsError: It is neither an index, a fraction nor a date.

    >>> plain_position(datetime(2024, 6, 1, 12), "start")
    '2024-06-01T12:00:00+00:00'
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise SettingsError(
                f"{name} {value!r} is no date: write it as 2024-06-30T12:00, or give a sample "
                "index such as 500, or a fraction of the stream such as 0.5"
            ) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return _plain_number(value, name, "a sample index, a fraction of the stream or a date")


def plain_length(value: object, name: str) -> Plain:
    """Checks a length and brings it into its plain form.

    Raises:
        SettingsError: It is neither a number of samples, a fraction nor a duration, or it is 0.

    >>> plain_length(timedelta(days=7), "period"), plain_length("1d 12h", "width")
    ('604800.0s', '1d 12h')
    """
    if isinstance(value, timedelta):
        value = f"{value.total_seconds()!r}s"
    if isinstance(value, str):
        value = value.strip()
        if not _DURATIONS.fullmatch(value):
            raise SettingsError(
                f"{name} {value!r} is no duration: write it as 7d, 12h or 30min, or give a number "
                "of samples such as 200, or a fraction of the stream such as 0.2"
            )
        if not _seconds(value):
            raise SettingsError(f"{name} is {value!r}: give more than no time")
        return value
    plain = _plain_number(value, name, "a number of samples, a fraction of the stream or a time")
    if plain == 0:
        raise SettingsError(f"{name} is {value!r}: give at least 1 sample")
    return plain


def _plain_number(value: object, name: str, wanted: str) -> int | float:
    if not isinstance(value, bool) and isinstance(value, Integral):
        if value < 0:
            raise SettingsError(f"{name} is {value!r}: samples are counted from 0")
        return int(value)
    if not isinstance(value, bool) and isinstance(value, Real):
        number = float(value)
        if not (isfinite(number) and 0 <= number <= 1):
            whole = f", samples are whole: {number:.0f}" if isfinite(number) else ""
            raise SettingsError(
                f"{name} is {value!r}: a float is a fraction of the stream, 0.0 to 1.0{whole}"
            )
        return number
    raise SettingsError(f"{name} is {value!r}: give {wanted}")


def _seconds(duration: str) -> Fraction:
    parts = _DURATION.findall(duration)
    return sum((Fraction(number) * _SECONDS[unit] for number, unit in parts), Fraction(0))


@dataclass(frozen=True)
class TimeAxis:
    """A stream's samples on the timeline.

    Attributes:
        samples: How many samples the whole stream has: what fractions are of.
        first_timestamp: The time of sample 0, seconds since 1970.
        delta_timestamp: Seconds between one sample and the next.
    """

    samples: int
    first_timestamp: float
    delta_timestamp: float

    def start(self, position: Plain, name: str) -> int:
        """The first sample that is not before a position.

        Raises:
            SettingsError: It lies outside the stream.

        >>> axis = TimeAxis(328, 0.0, 1800.0)
        >>> axis.start(0.5, "start"), axis.start("1970-01-02", "start")
        (164, 48)
        """
        sample = self.end(position, name)
        if sample < self.samples:
            return sample
        whole = "; a float is a fraction: write 1 for sample 1" if position == 1.0 else ""
        whole = "" if isinstance(position, int) else whole
        raise SettingsError(
            f"{name} {position} is outside the stream of {plural(self.samples, 'sample')}, "
            f"the last of which is {self.samples - 1}{whole}"
        )

    def end(self, position: Plain, name: str) -> int:
        """The same for an end, which may lie behind the stream."""
        if isinstance(position, int):
            return position
        if isinstance(position, float):
            return round(position * self.samples)
        # A sample whose time is no whole number of microseconds has the date next to it.
        near = min(self._delta / 2, Fraction(3, 4))
        sample = ceil(self._steps(_timestamp(position) - self._first - near, name))
        if sample < 0:
            raise SettingsError(
                f"{name} {position} is before the stream, which begins at {self.date(0)}"
            )
        return sample

    def length(self, length: Plain, name: str) -> Fraction:
        """A length in samples, which time need not make whole.

        Raises:
            SettingsError: It is shorter than a sample.

        >>> TimeAxis(328, 0.0, 1800.0).length("7d", "period")
        Fraction(336, 1)
        """
        if isinstance(length, int):
            return Fraction(length)
        if isinstance(length, float):
            samples = Fraction(round(length * self.samples))
        else:
            samples = fraction_of(self._steps(_seconds(length) * _SECOND, name))
        if samples < 1:
            raise SettingsError(
                f"{name} {length} is shorter than a sample of this stream of {self.samples}: "
                "give at least 1 sample"
            )
        return samples

    def date(self, sample: int) -> str:
        """When a sample is, as ``2024-06-01 09:00``, and as many digits as it takes beyond that.

        ``start`` leads from it back to the sample. Where no calendar reaches it is in seconds.
        """
        when = round(self._first + sample * self._delta)
        if not 0 <= when <= _LAST_YEAR:
            return f"{when / _SECOND:.0f} s"
        text = (_EPOCH + when * _MICROSECOND).replace(tzinfo=None).isoformat(" ")
        return text.rstrip("0") if "." in text else text.removesuffix(":00")

    @cached_property
    def _first(self) -> Fraction:
        """Microseconds of sample 0."""
        return Fraction(str(self.first_timestamp)) * _SECOND

    @cached_property
    def _delta(self) -> Fraction:
        """Microseconds between samples."""
        return Fraction(str(self.delta_timestamp)) * _SECOND

    def _steps(self, microseconds: Fraction, name: str) -> Fraction:
        if self.delta_timestamp <= 0:
            raise SettingsError(
                f"{name}: samples that are {self.delta_timestamp} s apart have no time to place "
                "it by: give samples or fractions"
            )
        return microseconds / self._delta


def _timestamp(position: str) -> int:
    """Microseconds since 1970."""
    when = datetime.fromisoformat(position)
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND

"""Positions and lengths: samples, fractions and time become sample ids, once, or are refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.schedules.positions import TimeAxis, plain_length, plain_position

HALF_HOURS = TimeAxis(samples=328, first_timestamp=1717232400.0, delta_timestamp=1800.0)


def start(position: Any) -> int:
    return HALF_HOURS.start(plain_position(position, "start"), "start")


def length(span: Any) -> float:
    return HALF_HOURS.length(plain_length(span, "width"), "width")


@pytest.mark.parametrize(
    ("position", "sample"),
    [
        (0, 0),
        (1, 1),
        (327, 327),
        (np.int64(5), 5),
        (0.0, 0),
        (0.5, 164),
        ("2024-06-01T09:00", 0),
        ("2024-06-01T09:00:01", 1),  # the first sample that is not before it
        ("2024-06-02", 30),
        (date(2024, 6, 2), 30),
        (datetime(2024, 6, 2), 30),
        (datetime(2024, 6, 2, tzinfo=UTC), 30),
        (datetime(2024, 6, 2, tzinfo=timezone(timedelta(hours=2))), 26),
    ],
)
def test_a_position_is_an_index_a_fraction_or_a_date(position: Any, sample: int) -> None:
    assert start(position) == sample


@pytest.mark.parametrize(
    ("span", "samples"),
    [
        (1, 1),
        (0.5, 164),
        (1.0, 328),
        ("7d", 336),
        ("1d 12h", 72),
        ("90min", 3),
        ("1w", 336),
        (timedelta(hours=3), 6),
        ("45min", 1.5),  # a period need not be whole
    ],
)
def test_a_length_is_samples_a_fraction_or_a_duration(span: Any, samples: float) -> None:
    assert length(span) == samples


@pytest.mark.parametrize(
    ("position", "message"),
    [
        (328, "start 328 is outside the stream of 328 samples, the last of which is 327"),
        (1.0, "; a float is a fraction: write 1 for sample 1"),
        (-1, "start is -1: samples are counted from 0"),
        (3.0, "a float is a fraction of the stream, 0.0 to 1.0, samples are whole: 3"),
        (float("nan"), "start is nan: a float is a fraction of the stream, 0.0 to 1.0"),
        (True, "start is True: give a sample index, a fraction of the stream or a date"),
        (None, "start is None: give"),
        ("tomorrow", "start 'tomorrow' is no date: write it as 2024-06-30T12:00, or give"),
        ("2024-05-31", "before the stream, which begins at 2024-06-01 09:00"),
        ("2030-01-01", "is outside the stream of 328 samples"),
    ],
)
def test_a_position_outside_the_stream_is_refused(position: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        start(position)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (0, "width is 0: give at least 1 sample"),
        (0.0, "width is 0.0: give at least 1 sample"),
        ("0d", "width is '0d': give more than no time"),
        ("7 days", "width '7 days' is no duration: write it as 7d, 12h or 30min"),
        ("", "width '' is no duration"),
        ("10min", "width 10min is shorter than a sample of this stream of 328: give at"),
        (0.001, "width 0.001 is shorter than a sample of this stream of 328: give at"),
        (timedelta(0), "give more than no time"),
        (timedelta(days=-1), "is no duration"),
    ],
)
def test_a_length_of_nothing_is_refused(span: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        length(span)
    assert message in str(caught.value)


def test_time_places_nothing_where_samples_have_none() -> None:
    still = TimeAxis(samples=10, first_timestamp=0.0, delta_timestamp=0.0)
    with pytest.raises(SettingsError, match=r"0\.0 s apart have no time .*: give samples"):
        still.start("1970-01-01", "start")


# Whole microseconds from one to a day, and what is none: thirds of a second, 44,100 a second.
SPACINGS = st.integers(1, 86_400_000_000).map(lambda whole: whole / 1e6) | st.sampled_from(
    [0.0001, 0.1, 1.5, 1800.0, 1 / 3, 2 / 3, 1 / 7, 1 / 30, 1 / 44_100, 1.5e-6, 2.4e-6]
)


@given(SPACINGS, st.integers(0, 10**9), st.sampled_from([0.0, 1717232400.0, 1717232400.5]))
@example(0.0001, 123_457, 1717232400.0)
def test_the_date_of_a_sample_leads_back_to_it(delta: float, sample: int, first: float) -> None:
    """The date as it is printed, and that of the tables' float64 seconds."""
    sample %= int(2.5e9 / delta)  # up to 2103: float64 tells microseconds apart until 2106
    axis = TimeAxis(sample + 1, first, delta)
    assert axis.start(plain_position(axis.date(sample), "start"), "start") == sample
    seconds = float(first + np.int64(sample) * delta)
    when = datetime.fromtimestamp(seconds, UTC)
    assert axis.start(plain_position(when, "start"), "start") == sample


@given(SPACINGS.filter(lambda delta: delta >= 3e-6), st.integers(0, 10**9))
def test_a_date_between_samples_is_the_later_one(delta: float, sample: int) -> None:
    axis = TimeAxis(10**12, 0.0, delta)
    sample %= int(4e9 / delta)
    before = Fraction(str(delta)) * sample
    after = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(before * 10**6) + 2)
    assert axis.start(plain_position(after, "start"), "start") == sample + 1


@pytest.mark.parametrize(
    ("delta", "date"),
    [
        (1800.0, "2024-06-01 10:30"),
        (1.0, "2024-06-01 09:00:03"),
        (0.0001, "2024-06-01 09:00:00.0003"),
        (1 / 3, "2024-06-01 09:00:01"),
    ],
)
def test_a_date_has_the_digits_that_it_takes(delta: float, date: str) -> None:
    assert TimeAxis(10, 1717232400.0, delta).date(3) == date


def test_durations_are_exact() -> None:
    axis = TimeAxis(10**9, 1717232400.0, 0.0001)
    assert axis.length("1h", "period") == 36_000_000
    assert axis.length("0.0003s", "width") == 3
    assert TimeAxis(10**9, 0.0, 7.0).length("1h", "period") == Fraction(3600, 7)


def test_dates_that_no_calendar_has_are_seconds() -> None:
    assert TimeAxis(10, 0.0, 1.0).date(3600) == "1970-01-01 01:00"
    assert TimeAxis(10, -5.0, 1.0).date(0) == "-5 s"
    assert TimeAxis(10, 1e18, 1.0).date(0) == "1000000000000000000 s"

"""Positions and lengths: samples, fractions and time become sample ids, once, or are refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.schedules.positions import Axis, plain_length, plain_position

HALF_HOURS = Axis(samples=328, first_timestamp=1717232400.0, delta_timestamp=1800.0)


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
        ("10min", "width 10min is shorter than a sample of this stream of 328"),
        (0.001, "width 0.001 is shorter than a sample of this stream of 328"),
        (timedelta(0), "give more than no time"),
        (timedelta(days=-1), "is no duration"),
    ],
)
def test_a_length_of_nothing_is_refused(span: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        length(span)
    assert message in str(caught.value)


def test_time_places_nothing_where_samples_have_none() -> None:
    still = Axis(samples=10, first_timestamp=0.0, delta_timestamp=0.0)
    with pytest.raises(SettingsError, match=r"0\.0 s apart have no time .*: give samples"):
        still.start("1970-01-01", "start")


@given(st.integers(1, 10**8), st.integers(0, 10**8), st.sampled_from([0.1, 1.0, 30.0, 1800.0]))
def test_the_date_of_a_sample_leads_back_to_it(samples: int, sample: int, delta: float) -> None:
    axis = Axis(samples, 1717232400.0, delta)
    sample %= samples
    when = datetime.fromtimestamp(1717232400, UTC) + timedelta(seconds=sample * delta)
    assert axis.start(plain_position(when, "start"), "start") == sample


def test_dates_that_no_calendar_has_are_seconds() -> None:
    assert Axis(10, 0.0, 1.0).date(3600) == "1970-01-01 01:00"
    assert Axis(10, -5.0, 1.0).date(0) == "-5 s"
    assert Axis(10, 1e18, 1.0).date(0) == "1000000000000000000 s"

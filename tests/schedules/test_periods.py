"""How many samples of each period a recurring drift is on for."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raydrift.schedules.periods import Recurrence, fraction_of

DUTIES = st.fractions(0, 1, max_denominator=1000).filter(lambda duty: 0 < duty < 1)
PERIODS = st.integers(2, 300).map(Fraction) | st.fractions(2, 300, max_denominator=100)
PHASES = st.fractions(0, 300, max_denominator=100)


def on(period: float, duty: float, samples: int, phase: float = 0) -> np.ndarray:
    found = Recurrence(fraction_of(period), fraction_of(phase), fraction_of(duty))
    return np.flatnonzero(found.on(np.arange(samples)))


def test_it_is_on_for_the_first_samples_of_each_period() -> None:
    assert on(10, 0.3, 25).tolist() == [0, 1, 2, 10, 11, 12, 20, 21, 22]
    assert on(2, 0.5, 6).tolist() == [0, 2, 4]


def test_less_than_a_sample_a_period_is_a_sample_in_some_periods() -> None:
    assert on(100, 0.001, 3000).tolist() == [0, 1000, 2000]
    assert on(2, 0.1, 30).tolist() == [0, 10, 20]
    assert on(100, 1e-6, 2_000_001).tolist() == [0, 1_000_000, 2_000_000]


def test_a_share_of_all_but_a_bit_is_off_in_some_periods() -> None:
    off = np.setdiff1d(np.arange(2000), on(100, 0.999, 2000))
    assert off.tolist() == [999, 1999]


def test_the_first_period_may_be_half_over() -> None:
    assert on(10, 0.5, 20, phase=2.5).tolist() == [0, 1, 2, 8, 9, 10, 11, 12, 18, 19]


@settings(max_examples=50)
@given(PERIODS, DUTIES, PHASES)
def test_of_all_samples_so_far_the_share_is_on(
    period: Fraction, duty: Fraction, phase: Fraction
) -> None:
    """Where each period ends, by the definition, sample by sample."""
    found = Recurrence(period, phase, duty).on(np.arange(-floor(phase), 2400)).cumsum()
    first = -floor(phase)
    ends = [ceil(number * period - phase) - first for number in range(1, 8)]
    for end in ends:
        assert found[end - 1] == ceil(duty * end)


@settings(max_examples=30)
@given(PERIODS, DUTIES, PHASES)
def test_in_each_period_it_is_on_first(period: Fraction, duty: Fraction, phase: Fraction) -> None:
    since = np.arange(0, 900)
    found = Recurrence(period, phase, duty).on(since)
    number = [floor((int(one) + phase) / period) for one in since]
    turned_on = np.flatnonzero(np.diff(found.astype(int)) > 0) + 1
    assert all(number[place] != number[place - 1] for place in turned_on)


@given(PERIODS, DUTIES, PHASES, st.integers(1, 10**12))
def test_it_never_runs_away(period: Fraction, duty: Fraction, phase: Fraction, number: int) -> None:
    """After any number of periods a period begins with the sample that it should."""
    begin, end = (ceil(one * period - phase) for one in (number, number + 1))
    recurrence = Recurrence(period, phase, duty)
    (turned_on,), (turned_off,) = recurrence.turns(np.array([number], object))
    assert turned_on == begin <= turned_off <= end
    since = np.arange(begin, min(end, begin + 400))
    assert recurrence.on(since).tolist() == (since < turned_off).tolist()


@pytest.mark.parametrize("duty", [1 / 3, 0.123456789])
def test_odd_shares_and_late_samples_are_within_a_sample(duty: float) -> None:
    late = 10**15
    recurrence = Recurrence(Fraction(1000), Fraction(0), fraction_of(duty))
    assert recurrence.on(np.arange(late, late + 1000)).sum() == pytest.approx(1000 * duty, abs=1)

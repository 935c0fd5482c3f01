"""From a wanted divergence to its level, on curves of every kind."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.calibrate import Curve, CurvePoint
from raydrift.errors import SettingsError
from tests.calibrate.curves import DEFAULT_LEVELS, TENTHS, curve, like_default

values = st.floats(0, 10, allow_subnormal=False).map(lambda value: round(value, 6))
measured = st.lists(values, min_size=2, max_size=11)


def of(found: list[float]) -> Curve:
    levels = np.linspace(0, 1, len(found)).round(6).tolist()
    points = zip(levels, found, strict=True)
    return Curve(tuple(CurvePoint(level, value, value, value) for level, value in points))


def test_a_measured_point_is_given_back_as_it_is() -> None:
    square = curve(lambda level: level**2)
    for level in TENTHS:
        assert square.level_for(level**2) == level
    assert square.level_for(0.25 * 1.004) == 0.5, "within half a percent of the target"


@pytest.mark.parametrize("target", [0.005, 0.03, 0.2, 0.55, 0.97])
def test_between_points_a_smooth_curve_is_met(target: float) -> None:
    level = curve(lambda level: level**2).level_for(target)
    assert level**2 == pytest.approx(target, rel=0.02, abs=0.001)


@given(measured, st.floats(0, 1))
def test_whatever_the_curve_its_level_has_the_divergence(found: list[float], part: float) -> None:
    """Not a level whose divergence is another, however the measurements go up and down."""
    whole = of(found)
    ((low, high),) = whole.reach
    assert (low, high) == (min(found), max(found))
    target = low + part * (high - low)
    level = whole.level_for(target)
    assert 0 <= level <= 1
    steepest = max(abs(b - a) for a, b in pairwise(found)) * (len(found) - 1)
    assert whole.at(level) == pytest.approx(target, rel=0.0051, abs=3e-6 * steepest + 1e-9)


@given(measured, st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_a_higher_target_never_has_a_lower_level(found: list[float], parts: list[float]) -> None:
    found[0] = min(found)
    whole = of(found)
    targets = [found[0] + part * (max(found) - found[0]) for part in sorted(parts)]
    levels = [whole.level_for(target) for target in targets]
    assert levels == sorted(levels)


@given(measured)
def test_the_curve_stays_between_neighbours(found: list[float]) -> None:
    whole = of(found)
    for here, there in pairwise(whole.points):
        low, high = sorted((here.divergence, there.divergence))
        for level in np.linspace(here.level, there.level, 7):
            assert low - 1e-9 <= whole.at(float(level)) <= high + 1e-9


def test_where_it_falls_the_lowest_level_counts() -> None:
    whole = curve(like_default, DEFAULT_LEVELS)
    assert whole.level_for(0.2) == pytest.approx((0.2 / 1.4) ** 0.5, abs=0.01)
    assert whole.level_for(0.35) == 0.5
    assert whole.level_for(0.4) == pytest.approx(0.5 + 0.24 / 1.6, abs=0.01)
    assert whole.reach == ((0.0, pytest.approx(0.96)),)


def test_a_curve_that_only_falls_has_levels_too() -> None:
    """Noise that stays, and blur after it that takes it away."""
    falling = curve(lambda level: 2 - level)
    assert falling.level_for(1.25) == pytest.approx(0.75)
    assert falling.reach == ((1.0, 2.0),)


def jumping(level: float) -> float:
    return level if level <= 0.4 else level + 1


JUMP_LEVELS = tuple(sorted((*TENTHS, 0.400001)))


def test_no_level_is_made_up_inside_a_jump() -> None:
    whole = curve(jumping, JUMP_LEVELS)
    assert whole.level_for(0.4) == 0.4
    assert whole.level_for(1.4) == 0.400001
    assert whole.reach == ((0.0, 0.4), (pytest.approx(1.4), 2.0))
    with pytest.raises(SettingsError) as error:
        whole.level_for(0.9)
    assert str(error.value) == ("divergence 0.9 is out of reach: there is 0 to 0.4 and 1.4 to 2")


@pytest.mark.parametrize("target", [-0.1, 1.1, 50])
def test_out_of_reach_the_error_says_what_is_in_reach(target: float) -> None:
    with pytest.raises(SettingsError) as error:
        curve(lambda level: level).level_for(target)
    assert str(error.value) == f"divergence {target:g} is out of reach: there is 0 to 1"


def test_the_interval_is_where_the_band_holds_the_target() -> None:
    """A straight line within a tenth: 0.55 is held from 0.55 / 1.1 to 0.55 / 0.9."""
    low, high = curve(lambda level: level, band=0.1).interval_for(0.55)
    assert low == pytest.approx(0.5, abs=1e-4)
    assert high == pytest.approx(0.6111, abs=1e-4)


def test_the_interval_ends_at_a_jump_and_at_the_curves_end() -> None:
    whole = curve(like_default, DEFAULT_LEVELS, band=0.1)
    low, high = whole.interval_for(0.34)
    assert low == pytest.approx((0.34 / 1.1 / 1.4) ** 0.5, abs=0.005)
    assert high == 0.5, "on the other side of the jump the divergence is half as large"
    assert whole.interval_for(0.95)[1] == 1.0


@given(measured, st.floats(0, 1), st.floats(0, 0.5))
def test_the_interval_holds_the_level(found: list[float], part: float, band: float) -> None:
    points = of(found).points
    whole = Curve(
        tuple(
            CurvePoint(one.level, one.divergence, one.divergence - band, one.divergence + band)
            for one in points
        )
    )
    target = min(found) + part * (max(found) - min(found))
    low, high = whole.interval_for(target)
    assert 0 <= low <= whole.level_for(target) <= high <= 1


@pytest.mark.parametrize(
    "points",
    [
        [(0.0, 0.0)],
        [(0.0, 0.0), (0.0, 1.0)],
        [(0.5, 0.0), (0.2, 1.0)],
        [(0.0, 0.0), (1.0, float("nan"))],
        [(0.0, 0.0), (1.5, 1.0)],
        [(-0.5, 0.0), (1.0, 1.0)],
    ],
)
def test_points_that_are_no_curve_are_an_error(points: list[tuple[float, float]]) -> None:
    with pytest.raises(SettingsError, match="a curve needs"):
        Curve(tuple(CurvePoint(level, value, value, value) for level, value in points))

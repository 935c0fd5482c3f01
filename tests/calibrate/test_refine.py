"""Where to measure next."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.calibrate import Curve
from raydrift.calibrate.first_levels import first_levels, jumps, transforms_at
from raydrift.calibrate.refine import next_levels
from raydrift.settings.sweep import Sweep
from raydrift.transforms import DriftProfile
from tests.calibrate.curves import DEFAULT_LEVELS, TENTHS, curve, like_default

RANGES = DriftProfile()


def sweep(*transforms: str) -> Sweep:
    return Sweep.parse(list(transforms), "1")


@pytest.mark.parametrize(
    ("transforms", "ranges", "levels"),
    [
        (["rotate"], RANGES, ()),
        (["default"], RANGES, (0.5,)),
        (["gaussian_noise"], RANGES, (0.0,)),
        (["default", "gaussian_noise"], RANGES, (0.0, 0.5)),
        (["hue", "gaussian_noise:0.3"], RANGES, ()),
        (["gaussian_noise"], DriftProfile(gaussian_noise={"mean": 0.0}), ()),
        (["default"], DriftProfile(default={"switch": 0.7}), (0.7,)),
        (["default"], DriftProfile(default={"switch": 1}), ()),
    ],
)
def test_the_jumps_that_are_known(
    transforms: list[str], ranges: DriftProfile, levels: tuple[float, ...]
) -> None:
    assert jumps(sweep(*transforms), ranges) == levels


def test_a_curve_begins_with_tenths_and_both_sides_of_its_jumps() -> None:
    assert first_levels(sweep("hue"), RANGES) == TENTHS
    assert first_levels(sweep("default"), RANGES) == DEFAULT_LEVELS
    ranges = DriftProfile(default={"switch": 0.73})
    assert {0.73, 0.730001} < set(first_levels(sweep("default"), ranges))


def test_what_stays_stays_at_every_level() -> None:
    chain = transforms_at(sweep("hue:0.3", "default"), 0.7)
    assert [str(info) for info in chain] == ["hue:0.3", "default:0.7"]


def test_large_steps_are_halved_if_that_is_wanted() -> None:
    steep = curve(lambda level: min(1.0, 5 * level))
    assert next_levels(steep, None, halve=True) == (0.05, 0.15)
    assert next_levels(steep, None, halve=False) == ()
    fine = curve(lambda level: level)
    assert next_levels(fine, None, halve=True) == (0.05,), "from 0 everything is more than double"


def test_the_next_level_is_where_the_target_should_be() -> None:
    line = curve(lambda level: level)
    first, second = next_levels(line, 0.43, halve=False)
    assert first == pytest.approx(0.43, abs=1e-4)
    assert second == pytest.approx(0.465, abs=1e-4)


def test_a_target_that_is_met_or_out_of_reach_needs_no_more() -> None:
    line = curve(lambda level: level)
    assert next_levels(line, 0.4, halve=False) == ()
    assert next_levels(line, 7.0, halve=False) == ()


def rounds(divergence: Callable[[float], float], target: float) -> tuple[Curve, int]:
    levels, found = DEFAULT_LEVELS, curve(divergence, DEFAULT_LEVELS)
    for number in range(5):
        new = next_levels(found, target, halve=number == 0)
        if not new:
            return found, number
        levels = tuple(sorted({*levels, *new}))
        found = curve(divergence, levels)
    return found, 5


@given(st.floats(0.01, 0.95))
def test_a_few_rounds_lead_to_a_measured_level(target: float) -> None:
    found, count = rounds(like_default, target)
    level = found.level_for(target)
    assert count <= 3
    assert level in {point.level for point in found.points}
    assert like_default(level) == pytest.approx(target, rel=0.0051)


@given(st.floats(0.15, 0.85), st.floats(0.02, 0.98))
def test_a_steep_place_is_found_as_well(middle: float, target: float) -> None:
    def steep(level: float) -> float:
        return 1 / (1 + 2.718281828 ** (-60 * (level - middle)))

    found, _ = rounds(steep, target)
    assert steep(found.level_for(target)) == pytest.approx(target, rel=0.05)

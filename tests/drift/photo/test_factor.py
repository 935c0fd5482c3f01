"""Factors by a span, and between two ends."""

import numpy as np
import pytest

from raydrift.drift.photo.brightness import Brightness
from raydrift.errors import SettingsError


def factors(transform: Brightness, level: float) -> list[float]:
    return [transform.draw(level, np.random.default_rng(seed))["factor"] for seed in range(300)]


@pytest.mark.parametrize(
    ("transform", "level", "low", "high"),
    [
        (Brightness(), 0.2, 0.4, 1.6),
        (Brightness(), 1.0, 0.0, 4.0),
        (Brightness(low=0.5, high=1.2), 1.0, 0.5, 1.2),
        (Brightness(low=0.5, high=1.2), 0.5, 0.75, 1.1),
        (Brightness(low=1.2, high=2.0), 0.1, 1.02, 1.1),
    ],
)
def test_they_lie_where_the_level_says(
    transform: Brightness, level: float, low: float, high: float
) -> None:
    found = factors(transform, level)
    assert low <= min(found) < low + (high - low) / 20
    assert high - (high - low) / 20 < max(found) <= high


def test_the_ranges_in_use_are_those_that_hold() -> None:
    assert Brightness().in_use(1.0, varying=False) == {"span": 3.0}
    assert Brightness(low=0.5).in_use(1.0, varying=False) == {"low": 0.5, "high": 1.0}
    assert Brightness(low=0.5, high=1.2).described() == "from 1 - 0.5L to 1 + 0.2L"


def test_the_least_is_not_above_the_greatest() -> None:
    with pytest.raises(SettingsError) as caught:
        Brightness(low=1.5)
    assert str(caught.value) == "profile.brightness.low is 1.5: give at most high"

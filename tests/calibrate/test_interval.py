"""How sure a divergence is."""

import numpy as np
import pytest

from raydrift.calibrate.interval import HALVES, divergence_interval, how
from raydrift.metrics import METRICS, kl_softmax
from raydrift.metrics.samples import Rows

SIZE = 120


def twins(seed: int, strength: float = 0.5, size: int = SIZE) -> tuple[Rows, Rows]:
    rng = np.random.default_rng(seed)
    before = rng.normal(size=(size, 16))
    return before, before + strength * (1 + rng.normal(size=(size, 16)))


@pytest.mark.parametrize("metric", METRICS)
def test_the_value_is_the_metrics_and_lies_in_its_interval(metric: str) -> None:
    before, after = twins(0)
    value, low, high = divergence_interval(metric, before, after, seed=1)
    assert value == pytest.approx(METRICS[metric].measure(before, after), rel=1e-12)
    assert METRICS[metric].least <= low < value < high <= METRICS[metric].most


@pytest.mark.parametrize("metric", METRICS)
def test_images_that_did_not_change_have_no_width(metric: str) -> None:
    before, _ = twins(0)
    value, low, high = divergence_interval(metric, before, before, seed=1)
    assert low <= value <= high
    assert high - low < 0.05


@pytest.mark.parametrize("metric", ["kl_softmax", "energy_distance"])
def test_the_same_seed_gives_the_same_interval(metric: str) -> None:
    before, after = twins(0)
    first = divergence_interval(metric, before, after, seed=1)
    assert divergence_interval(metric, before, after, seed=1) == first
    assert divergence_interval(metric, before, after, seed=2) != first


@pytest.mark.parametrize("metric", ["kl_softmax", "energy_distance"])
def test_other_samples_of_that_size_lie_about_as_far_away(metric: str) -> None:
    """Both ways to an interval: it is as wide as the values of fresh samples are scattered."""
    fresh = [METRICS[metric].measure(*twins(seed)) for seed in range(100, 300)]
    widths = []
    for seed in range(20):
        _, low, high = divergence_interval(metric, *twins(seed), seed=1)
        widths.append(high - low)
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.std(fresh), rel=0.25)


def test_the_interval_of_a_mean_holds_the_true_one_in_95_of_100_cases() -> None:
    truth = kl_softmax(*twins(99, size=100_000))
    held = 0
    for seed in range(200):
        _, low, high = divergence_interval("kl_softmax", *twins(seed), seed=seed)
        held += low <= truth <= high
    assert 180 <= held <= 198


def test_how_it_came_about_is_told() -> None:
    assert "bootstrap" in how("kl_softmax")
    assert f"{HALVES} random halves" in how("mmd_squared")

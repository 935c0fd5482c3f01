"""How sure a divergence is."""

from typing import Any

import numpy as np
import pytest

from raydrift.calibrate.interval import HALVES, check_for_images, divergence_intervals, how
from raydrift.errors import SettingsError
from raydrift.metrics import METRICS, kl_softmax
from raydrift.metrics.samples import Rows

SIZE = 120


def twins(seed: int, strength: float = 0.5, size: int = SIZE) -> tuple[Rows, Rows]:
    rng = np.random.default_rng(seed)
    before = rng.normal(size=(size, 16))
    return before, before + strength * (1 + rng.normal(size=(size, 16)))


def intervals(metric: str, before: Rows, after: Rows, images: int) -> Any:
    return divergence_intervals(metric, before, after, 1, images)


@pytest.mark.parametrize("metric", METRICS)
def test_the_value_is_the_metrics_and_lies_in_its_intervals(metric: str) -> None:
    before, after = twins(0)
    value, (low, high), (other_low, other_high) = intervals(metric, before, after, SIZE)
    assert value == pytest.approx(METRICS[metric].measure(before, after), rel=1e-12)
    assert METRICS[metric].least <= other_low <= low < value
    assert value < high <= other_high <= METRICS[metric].most


@pytest.mark.parametrize("metric", METRICS)
def test_images_that_did_not_change_have_no_width(metric: str) -> None:
    before, _ = twins(0)
    value, (low, high), _ = intervals(metric, before, before, SIZE)
    assert low <= value <= high
    assert high - low < 0.06


@pytest.mark.parametrize("metric", ["kl_softmax", "energy_distance"])
def test_the_same_seed_gives_the_same_intervals(metric: str) -> None:
    before, after = twins(0)
    first = intervals(metric, before, after, SIZE)
    assert intervals(metric, before, after, SIZE) == first
    assert divergence_intervals(metric, before, after, 2, SIZE) != first


@pytest.mark.parametrize("metric", ["kl_softmax", "energy_distance"])
def test_without_other_images_the_rest_is_the_same(metric: str) -> None:
    before, after = twins(0)
    value, mean, _ = intervals(metric, before, after, SIZE)
    assert divergence_intervals(metric, before, after, seed=1) == (value, mean, None)


@pytest.mark.parametrize(
    "metric", ["kl_softmax", pytest.param("energy_distance", marks=pytest.mark.slow)]
)
def test_each_interval_holds_what_it_is_of_in_95_of_100_cases(metric: str) -> None:
    """The true mean, and the values of other samples of that size."""
    measure = METRICS[metric].measure
    others = np.array([measure(*twins(seed)) for seed in range(1000, 1400)])
    truth = kl_softmax(*twins(99, size=100_000)) if metric == "kl_softmax" else others.mean()
    found = [intervals(metric, *twins(seed), SIZE) for seed in range(200)]
    held = sum(low <= truth <= high for _, (low, high), _ in found)
    assert 180 <= held <= 199
    covered = [((low <= others) & (others <= high)).mean() for _, _, (low, high) in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_a_larger_other_sample_is_closer_until_it_is_as_sure_as_the_mean() -> None:
    before, after = twins(0)
    found = [intervals("kl_softmax", before, after, images) for images in (1, 30, 1000, 10**6)]
    widths = [high - low for _, _, (low, high) in found]
    assert widths == sorted(widths, reverse=True)
    _, (low, high), _ = found[-1]
    assert widths[-1] == pytest.approx(high - low, rel=0.05)


def test_a_metric_that_depends_on_the_number_of_images_has_no_interval_for_another() -> None:
    check_for_images("kl_softmax", 256, 3)
    check_for_images("energy_distance", 256, 256)
    check_for_images("energy_distance", 256, None)
    with pytest.raises(SettingsError, match="give 256, or num_samples = 100"):
        check_for_images("energy_distance", 256, 100)
    with pytest.raises(SettingsError, match="for_images is 0: give at least 1"):
        check_for_images("kl_softmax", 256, 0)


def test_what_each_is_of_and_how_it_came_about_is_told() -> None:
    assert how("kl_softmax", 256) == (
        "95 % for the mean over all images like these: bootstrap-t, 999 resamples of the images"
    )
    assert how("kl_softmax", 256, 100) == (
        "95 % for the mean over all images like these, and for the mean of 100 other images: "
        "bootstrap-t, 999 resamples of the images"
    )
    assert (
        f"for the mean over all samples of 256 images like these: 2.05 standard errors, from "
        f"{HALVES} random halves" in how("mmd_squared", 256)
    )

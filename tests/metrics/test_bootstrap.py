"""The interval of a mean."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

from raydrift.metrics import mean_interval, other_mean_interval


def test_of_many_values_it_is_the_interval_of_the_normal_theory() -> None:
    """The percentiles of 999 resamples are within a tenth of the half width."""
    values = np.random.default_rng(0).exponential(size=(4, 2000))
    means, errors = values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(2000)
    for confidence in (0.5, 0.95):
        half = norm.ppf(0.5 + confidence / 2) * errors
        low, high = mean_interval(values, confidence).T
        np.testing.assert_allclose(low, means - half, atol=0.15 * half.max())
        np.testing.assert_allclose(high, means + half, atol=0.15 * half.max())


def test_it_covers_the_mean_of_small_batches_nearly_as_often_as_it_says() -> None:
    values = np.random.default_rng(1).normal(size=(2000, 32))
    low, high = mean_interval(values).T
    assert ((low <= 0) & (high >= 0)).mean() == pytest.approx(0.93, abs=0.02)


def test_the_same_resamples_every_time_and_others_for_another_batch() -> None:
    values = np.random.default_rng(2).normal(size=(3, 20))
    np.testing.assert_array_equal(mean_interval(values, seed=7), mean_interval(values, seed=7))
    assert (mean_interval(values, number=1) != mean_interval(values, number=2)).all()


def test_memory_is_bounded_however_large_a_batch_is() -> None:
    """Resamples of 999 x 10 x 30,000 numbers would be 2.4 GB at once."""
    low, high = mean_interval(np.ones((10, 30_000))).T
    assert (low == 1).all()
    assert (high == 1).all()


def test_one_value_has_no_interval() -> None:
    assert np.isnan(mean_interval([[0.3], [0.4]])).all()


SKEWED = {
    "normal": (lambda rng, size: rng.normal(5, 1, size), 5.0),
    "lognormal": (lambda rng, size: rng.lognormal(0, 0.7, size), np.exp(0.245)),
    "gamma": (lambda rng, size: rng.gamma(2, 1, size), 2.0),
}


@pytest.mark.parametrize("name", SKEWED)
@pytest.mark.parametrize("others", [32, 256, 2000])
def test_the_mean_of_others_lies_inside_as_often_as_it_says(name: str, others: int) -> None:
    """In 95 of 100 cases, within the error of 600 of them; that of the mean holds fewer of them."""
    draw, truth = SKEWED[name]
    rng = np.random.default_rng(others)
    values = draw(rng, (600, 256))
    means = draw(rng, (600, others)).mean(axis=1)

    def covered(intervals: np.ndarray, what: npt.ArrayLike) -> float:
        low, high = intervals.T
        return float(((low <= what) & (what <= high)).mean())

    error = 3 * np.sqrt(0.05 * 0.95 / 600)
    assert covered(each(values, others), means) == pytest.approx(0.95, abs=error)
    of_the_mean = each(values, None)
    assert covered(of_the_mean, truth) == pytest.approx(0.95, abs=error)
    expected = 2 * norm.cdf(1.96 / np.sqrt(1 + 256 / others)) - 1
    assert covered(of_the_mean, means) == pytest.approx(expected, abs=0.05)


def each(values: np.ndarray, others: int | None) -> np.ndarray:
    """With other resamples for every fifty rows."""
    parts = np.array_split(values, max(1, len(values) // 50))
    found = [other_mean_interval(part, others, number=place) for place, part in enumerate(parts)]
    return np.concatenate(found)


@pytest.mark.parametrize("draw", [draw for draw, _ in SKEWED.values()])
def test_of_sixteen_values_it_is_nearly_as_sure(draw: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(16)
    values, means = draw(rng, (600, 16)), draw(rng, (600, 16)).mean(axis=1)
    low, high = each(values, 16).T
    assert 0.91 <= ((low <= means) & (means <= high)).mean() <= 0.98


def test_one_value_tells_nothing_of_others() -> None:
    assert np.isnan(other_mean_interval([[0.3]], 5)).all()
    assert other_mean_interval([[0.3, 0.3, 0.3]], 5).tolist() == [[0.3, 0.3]]


def test_intervals_for_others_are_the_same_every_time_whatever_rows_are_beside() -> None:
    values = np.random.default_rng(2).normal(size=(3, 20))
    whole = other_mean_interval(values, 7, seed=7)
    np.testing.assert_array_equal(whole, other_mean_interval(values, 7, seed=7))
    np.testing.assert_allclose(whole[1:2], other_mean_interval(values[1:2], 7, seed=7))
    assert (whole != other_mean_interval(values, 7, seed=7, number=1)).all()

"""The interval of a mean."""

import numpy as np
import pytest
from scipy.stats import norm

from raydrift.metrics import mean_interval


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

import warnings

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import ks_2samp

from raydrift.metrics import KolmogorovSmirnov, ks_statistic, ks_test
from tests.metrics.samples import Matrix, two_samples


@given(two_samples())
def test_each_dimension_is_scipys_corrected_after_bonferroni(pair: tuple[Matrix, Matrix]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # as below
        tests = [ks_2samp(*columns) for columns in zip(*(rows.T for rows in pair), strict=True)]
    found = ks_test(*pair)
    p_values = [min(1.0, len(tests) * test.pvalue) for test in tests]
    statistics = [test.statistic for test in tests]
    assert found.statistic == ks_statistic(*pair) == pytest.approx(max(statistics), abs=1e-12)
    assert statistics[found.dimension] == pytest.approx(max(statistics), abs=1e-12)
    assert found.p_value == pytest.approx(min(p_values), rel=1e-6, abs=1e-12)
    assert found.rejected == pytest.approx(np.mean(np.array(p_values) <= 0.05))
    assert found.sizes == tuple(map(len, pair))
    assert ks_statistic(*pair[::-1]) == found.statistic


@pytest.mark.parametrize("count", [5, 7])
def test_rounding_in_scipy_is_not_the_users_affair(count: int) -> None:
    """For one step between so many rows, its exact p-value is a little above 1."""
    x = np.arange(float(count))[:, None]
    assert ks_test(x, x + 0.5).p_value == pytest.approx(1, abs=1e-3)
    with pytest.warns(RuntimeWarning, match="Exact calculation unsuccessful"):
        ks_2samp(x[:, 0], x[:, 0] + 0.5)


def test_few_rows_prove_little() -> None:
    """The asymptotic p-value is 0 here."""
    assert ks_test([[0], [1]], [[2], [3]]).p_value == pytest.approx(1 / 3)


def test_the_whole_answer() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 4)), rng.normal(size=(60, 4))
    y[:, 2] += 10
    found = ks_test(x, y, alpha=0.01)
    assert found == KolmogorovSmirnov(
        statistic=1.0,
        dimension=2,
        p_value=found.p_value,
        rejected=0.25,
        alpha=0.01,
        dimensions=4,
        sizes=(40, 60),
    )
    assert 0 < found.p_value < 1e-12


def test_without_drift_a_dimension_is_rejected_in_at_most_one_of_twenty_tests() -> None:
    rng = np.random.default_rng(0)
    false = sum(ks_test(*rng.normal(size=(2, 40, 16))).rejected > 0 for _ in range(200))
    assert false <= 200 * 0.05 + 2 * (200 * 0.05 * 0.95) ** 0.5


def test_a_sample_is_at_zero_from_itself_and_only_the_order_of_values_matters() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(40, 3))
    assert ks_statistic(x, x[::-1]) == 0
    assert ks_test(x, x).p_value == 1
    assert ks_statistic(np.exp(x), np.exp(y)) == ks_statistic(x, y)
    assert ks_statistic(x, x + 100) == 1


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, float("nan")])
def test_an_alpha_that_is_no_level_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="give a level between 0 and 1"):
        ks_test(np.eye(3), np.eye(3), alpha=alpha)

import numpy as np
import pytest
from hypothesis import given
from scipy.spatial.distance import cdist, pdist
from sklearn.metrics.pairwise import rbf_kernel

from raydrift.metrics import mmd_squared
from tests.metrics.samples import Matrix, features, rotation, two_samples, two_smooth_samples


def naive(x: Matrix, y: Matrix, bandwidth: float) -> float:
    """The definition, with whole matrices."""
    n, m, gamma = len(x), len(y), 1 / (2 * bandwidth**2)
    within = [
        (rbf_kernel(rows, gamma=gamma).sum() - size) / (size * (size - 1))
        for rows, size in ((x, n), (y, m))
    ]
    return float(sum(within) - 2 * rbf_kernel(x, y, gamma=gamma).mean())


@given(two_smooth_samples())
def test_it_is_the_definition_with_the_median_distance(pair: tuple[Matrix, Matrix]) -> None:
    median = float(np.median(pdist(np.concatenate(pair))))
    assert mmd_squared(*pair) == pytest.approx(naive(*pair, median), abs=1e-12)


@given(two_samples())
def test_it_is_the_definition_with_any_bandwidth_and_within_its_range(
    pair: tuple[Matrix, Matrix],
) -> None:
    found = mmd_squared(*pair, bandwidth=1.5)
    n, m = map(len, pair)
    assert found == pytest.approx(naive(*pair, 1.5), abs=1e-9)
    assert -1 / (n - 1) - 1 / (m - 1) - 1e-9 <= found <= 2
    assert mmd_squared(*pair[::-1], bandwidth=1.5) == pytest.approx(found, abs=1e-12)


def test_tiles_give_what_whole_matrices_give() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 1300), features(rng, 1100) + 0.1
    assert mmd_squared(x, y, bandwidth=5) == pytest.approx(naive(x, y, 5), rel=1e-9)


def test_of_many_rows_the_median_is_that_of_some() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 1300), features(rng, 1100)
    exact = naive(x, y + 1, float(np.median(cdist(x, y + 1))))
    found = [mmd_squared(x, y + 1, seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert found == pytest.approx([exact] * 3, rel=0.1)


def test_it_is_unbiased() -> None:
    rng = np.random.default_rng(0)
    found = [mmd_squared(*rng.normal(size=(2, 8, 2)), bandwidth=1) for _ in range(2000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / len(found) ** 0.5
    assert min(found) < 0


def test_the_expectation_for_two_gaussians() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3000, 1))
    # E k of N(0, 1) and N(s, 1) with bandwidth 1: the kernel and their difference, of variance 2.
    expected = 2 / 3**0.5 * (1 - np.exp(-(1.5**2) / 6))
    assert mmd_squared(x, y + 1.5, bandwidth=1) == pytest.approx(expected, rel=0.1)


def test_against_itself_it_is_below_zero_by_the_twins_that_only_the_cross_term_has() -> None:
    x = features(np.random.default_rng(0), 40)
    median = np.median(pdist(x))
    pairs = np.exp(-(pdist(x) ** 2) / (2 * median**2)).mean()
    assert mmd_squared(x, x, bandwidth=median) == pytest.approx(-2 * (1 - pairs) / 40)


def test_the_order_of_the_rows_moving_rotating_and_scaling_both_change_nothing() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 20), features(rng, 30) + 0.3
    turn, expected = rotation(32), mmd_squared(x, y)
    assert mmd_squared(x[::-1], np.roll(y, 7, axis=0)) == pytest.approx(expected, rel=1e-9)
    assert mmd_squared(7 * x @ turn + 5, 7 * y @ turn + 5) == pytest.approx(expected, rel=1e-9)


def test_where_no_bandwidth_can_be_one_is_asked_for() -> None:
    same = np.ones((5, 3))
    with pytest.raises(ValueError, match="most embeddings are equal"):
        mmd_squared(same, same)
    assert mmd_squared(same, same, bandwidth=1) == 0
    for width in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match=f"bandwidth is {width}: give one above 0"):
            mmd_squared(np.eye(3), np.eye(3), bandwidth=width)

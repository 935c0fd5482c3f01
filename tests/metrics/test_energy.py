import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from scipy.spatial.distance import cdist

from raydrift.metrics import energy_distance
from tests.metrics.samples import Matrix, features, rotation, two_samples


def naive(x: Matrix, y: Matrix) -> float:
    """The definition, with whole matrices."""
    squared = 2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean()
    return float(max(squared, 0) ** 0.5)


@given(two_samples(dimensions=1))
def test_in_one_dimension_it_is_scipys(pair: tuple[Matrix, Matrix]) -> None:
    expected = scipy.stats.energy_distance(*(rows[:, 0] for rows in pair))
    assert energy_distance(*pair) == pytest.approx(expected, rel=1e-6, abs=2e-5)


@given(two_samples())
def test_it_is_the_definition_symmetric_and_never_negative(pair: tuple[Matrix, Matrix]) -> None:
    found = energy_distance(*pair)
    assert found == pytest.approx(naive(*pair), rel=1e-6, abs=2e-5)
    assert energy_distance(*pair[::-1]) == pytest.approx(found, rel=1e-9, abs=2e-5)
    assert found >= 0


@given(two_samples())
def test_a_sample_is_at_zero_from_itself_in_any_order(pair: tuple[Matrix, Matrix]) -> None:
    assert energy_distance(pair[0], pair[0].copy()) == 0
    assert energy_distance(pair[0], pair[0][::-1].copy()) == 0


def test_tiles_give_what_whole_matrices_give() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 1300), features(rng, 1100) + 0.1
    assert energy_distance(x, y) == pytest.approx(naive(x, y), rel=1e-9)


def test_moving_and_rotating_both_changes_nothing_and_it_scales_as_the_root() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 20), features(rng, 30) + 0.3
    turn, expected = rotation(32), energy_distance(x, y)
    assert energy_distance(x @ turn + 5, y @ turn + 5) == pytest.approx(expected, rel=1e-9)
    assert energy_distance(9 * x, 9 * y) == pytest.approx(3 * expected, rel=1e-9)


def test_without_drift_its_square_is_what_the_docstring_says() -> None:
    rng = np.random.default_rng(0)
    found = [energy_distance(*rng.normal(size=(2, 20, 8))) ** 2 for _ in range(200)]
    apart = np.mean(np.linalg.norm(np.subtract(*rng.normal(size=(2, 10_000, 8))), axis=1))
    assert np.mean(found) == pytest.approx(apart * (1 / 20 + 1 / 20), rel=0.05)

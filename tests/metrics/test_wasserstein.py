import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import wasserstein_distance

from raydrift import seeds
from raydrift.metrics import sliced_wasserstein
from tests.metrics.samples import Matrix, features, rotation, two_samples


@given(two_samples(dimensions=1))
def test_in_one_dimension_it_is_scipys(pair: tuple[Matrix, Matrix]) -> None:
    expected = wasserstein_distance(*(rows[:, 0] for rows in pair))
    assert sliced_wasserstein(*pair, projections=2) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(two_samples())
def test_it_is_the_mean_of_scipys_over_random_directions(pair: tuple[Matrix, Matrix]) -> None:
    rng = seeds.generator(7, seeds.PROJECTIONS, 0)
    directions = rng.normal(size=(5, pair[0].shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    each = [wasserstein_distance(*(rows @ along for rows in pair)) for along in directions]
    found = sliced_wasserstein(*pair, projections=5, seed=7)
    assert found == pytest.approx(np.mean(each), rel=1e-9, abs=1e-9)


@given(two_samples())
def test_it_is_symmetric_and_zero_from_a_sample_to_itself(pair: tuple[Matrix, Matrix]) -> None:
    found = sliced_wasserstein(*pair, projections=40)
    assert sliced_wasserstein(*pair[::-1], projections=40) == pytest.approx(found, abs=1e-12)
    rows = pair[0]
    assert sliced_wasserstein(rows, rows[::-1].copy()) == pytest.approx(0, abs=1e-12)


def test_a_moved_sample_is_as_far_as_the_docstring_says() -> None:
    x = features(np.random.default_rng(0), 30, 128)
    expected = math.sqrt(2 / math.pi / 128) * 5
    along = np.full(128, 5 / 128**0.5)
    assert sliced_wasserstein(x, x + along, projections=4000) == pytest.approx(expected, rel=0.05)


def test_the_seed_alone_chooses_the_directions_and_more_of_them_agree() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 30), features(rng, 40) + 0.3
    few = [sliced_wasserstein(x, y, projections=33, seed=seed) for seed in (0, 0, 1)]
    assert few[0] == few[1] != few[2]
    many = [sliced_wasserstein(x, y, projections=4000, seed=seed) for seed in (0, 1)]
    assert many[0] == pytest.approx(many[1], rel=0.05)
    turn = rotation(32)
    assert sliced_wasserstein(x @ turn, y @ turn, projections=4000) == pytest.approx(
        many[0], rel=0.05
    )


def test_memory_does_not_grow_with_the_directions() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 10_000, 4))
    tracemalloc.start()
    sliced_wasserstein(x, y, projections=256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 25e6


def test_no_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="projections are 0: give at least 1"):
        sliced_wasserstein(np.eye(3), np.eye(3), projections=0)
    with pytest.raises(ValueError, match="seed is -1"):
        sliced_wasserstein(np.eye(3), np.eye(3), seed=-1)

import math
from functools import partial

import numpy as np
import pytest
import scipy.stats

from raydrift.metrics import (
    PermutationTest,
    energy_distance,
    ks_statistic,
    mmd_squared,
    permutation_test,
)
from raydrift.metrics.permutation import Statistic
from tests.metrics.samples import Matrix, features


def shift(x: Matrix, y: Matrix) -> float:
    """A statistic that is quick."""
    return float(np.abs(x.mean(axis=0) - y.mean(axis=0)).max())


@pytest.mark.parametrize("paired", [False, True])
def test_with_all_permutations_it_is_scipys_exact_test(paired: bool) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 1)), rng.normal(size=(5, 1)) + 1
    exact = scipy.stats.permutation_test(
        (x[:, 0], y[:, 0]),
        lambda one, other: abs(one.mean() - other.mean()),
        permutation_type="samples" if paired else "independent",
        alternative="greater",
        n_resamples=np.inf,
    )
    found = permutation_test(shift, x, y, permutations=9999, paired=paired)
    assert found.statistic == exact.statistic
    assert found.p_value == pytest.approx(exact.pvalue, abs=0.02)
    assert found.paired is paired


@pytest.mark.parametrize("statistic", [mmd_squared, energy_distance])
@pytest.mark.parametrize("paired", [False, True])
def test_all_at_once_is_one_by_one(statistic: Statistic, paired: bool) -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 30), features(rng, 30) + 0.02
    at_once = permutation_test(statistic, x, y, permutations=50, paired=paired)
    one_by_one = permutation_test(partial(statistic), x, y, permutations=50, paired=paired)
    assert at_once.statistic == pytest.approx(statistic(x, y), rel=1e-9)
    assert at_once.p_value == one_by_one.p_value
    assert at_once.z_score == pytest.approx(one_by_one.z_score, rel=1e-6)


def test_more_splits_than_are_looked_at_at_once() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 2)), rng.normal(size=(15, 2))
    few, many = (permutation_test(mmd_squared, x, y, permutations=n) for n in (1000, 3000))
    assert few.p_value == pytest.approx(many.p_value, abs=0.05)
    assert few.statistic == many.statistic == pytest.approx(mmd_squared(x, y))


@pytest.mark.parametrize("statistic", [mmd_squared, energy_distance, shift])
@pytest.mark.parametrize("paired", [False, True])
def test_without_drift_every_p_value_is_as_likely(statistic: Statistic, paired: bool) -> None:
    rng = np.random.default_rng(0)
    found = []
    for seed in range(200):
        x, y = rng.normal(size=(2, 15, 3))
        if paired:  # twins that have something in common
            common = 3 * rng.normal(size=(15, 3))
            x, y = x + common, y + common
        found.append(
            permutation_test(statistic, x, y, permutations=99, seed=seed, paired=paired).p_value
        )
    assert scipy.stats.kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 2 * (0.05 * 0.95 / 200) ** 0.5


@pytest.mark.parametrize("statistic", [mmd_squared, energy_distance, ks_statistic, shift])
def test_a_drift_is_found_with_its_size(statistic: Statistic) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), rng.normal(size=(50, 3)) + 0.8
    found = permutation_test(statistic, x, y, permutations=199)
    assert found.p_value == 1 / 200
    assert found.z_score > 3
    assert found.statistic == pytest.approx(statistic(x, y))
    assert (found.sizes, found.permutations, found.paired) == ((60, 50), 199, False)


def test_pairs_see_a_drift_that_is_small_beside_what_the_twins_have_in_common() -> None:
    rng = np.random.default_rng(0)
    x = 5 * rng.normal(size=(40, 3))
    y = x + 0.3 + 0.1 * rng.normal(size=x.shape)
    assert permutation_test(mmd_squared, x, y).p_value > 0.5
    assert permutation_test(mmd_squared, x, y, paired=True).p_value == 0.001


def test_the_z_score_is_in_standard_deviations_of_the_permuted_statistics() -> None:
    found = iter([7.0, 1.0, 2.0, 3.0])
    result = permutation_test(lambda x, y: next(found), np.eye(3), np.eye(3), permutations=3)
    assert result == PermutationTest(
        p_value=0.25,
        statistic=7.0,
        z_score=pytest.approx(5 / np.std([1, 2, 3])),
        sizes=(3, 3),
        permutations=3,
        paired=False,
    )


def test_a_sample_and_its_copy_in_pairs_are_never_apart() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3))
    for statistic in (mmd_squared, energy_distance, shift):
        found = permutation_test(statistic, x, x, permutations=99, paired=True)
        assert (found.p_value, found.z_score) == (1.0, 0.0)


def test_an_effect_that_chance_never_varies_is_infinite() -> None:
    found = iter([1.0, 0.0, 0.0])
    result = permutation_test(lambda x, y: next(found), np.eye(3), np.eye(3), permutations=2)
    assert result.z_score == math.inf


def test_the_seed_alone_chooses_the_permutations() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 20, 2))
    found = [permutation_test(shift, x, y, permutations=99, seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


def test_the_samples_are_left_alone() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 10, 2))
    copies = x.copy(), y.copy()
    permutation_test(mmd_squared, x, y, permutations=5)
    assert (x == copies[0]).all()
    assert (y == copies[1]).all()


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(
        ValueError, match="paired samples have 3 and 2 rows: give the same number of both"
    ):
        permutation_test(shift, np.eye(3), np.eye(3)[:2], paired=True)
    with pytest.raises(ValueError, match="permutations are 0: give at least 1"):
        permutation_test(shift, np.eye(3), np.eye(3), permutations=0)
    with pytest.raises(ValueError, match="the statistic is not a finite number"):
        permutation_test(lambda x, y: math.nan, np.eye(3), np.eye(3), permutations=1)
    with pytest.raises(ValueError, match="seed is -1"):
        permutation_test(shift, np.eye(3), np.eye(3), seed=-1)

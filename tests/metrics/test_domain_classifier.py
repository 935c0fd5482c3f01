import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm
from sklearn.metrics import roc_auc_score

from raydrift.metrics import domain_classifier_auc
from raydrift.metrics.domain_classifier import _area, _deal
from tests.metrics.samples import features

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20).map(np.array)


@given(SCORES, SCORES)
def test_the_area_is_scikit_learns_and_scipys_mann_whitney(
    low: np.ndarray, high: np.ndarray
) -> None:
    labels = np.repeat([0, 1], [len(low), len(high)])
    expected = roc_auc_score(labels, np.concatenate([low, high]))
    assert _area(low, high) == pytest.approx(expected)
    assert _area(low, high) * len(low) * len(high) == pytest.approx(mannwhitneyu(high, low)[0])


def test_of_two_moved_gaussians_it_is_what_the_best_classifier_can_reach() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2000, 4))
    best = norm.cdf(1 / 2**0.5)  # a difference of two normals, moved by 1
    assert domain_classifier_auc(x, y + 0.5) == pytest.approx(best, abs=0.02)


def test_without_drift_chance_does_as_well() -> None:
    rng = np.random.default_rng(0)
    found = [domain_classifier_auc(*features(rng, 100).reshape(2, 50, 32)) for _ in range(30)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.04)


def test_twins_are_on_the_same_side() -> None:
    """Else what is known of one is held against the other."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 64))
    assert domain_classifier_auc(x, x) == 0.5
    nearly = x + 1e-3 * rng.normal(size=x.shape)
    assert domain_classifier_auc(x, nearly) == pytest.approx(0.5, abs=0.15)
    assert domain_classifier_auc(x, nearly[::-1]) < 0.3  # no longer row by row


def test_folds_are_of_equal_size_and_the_seeds_alone() -> None:
    folds = _deal(53, 5, seed=1)
    assert sorted(np.bincount(folds)) == [10, 10, 11, 11, 11]
    assert (folds == _deal(53, 5, seed=1)).all()
    assert (folds != _deal(53, 5, seed=2)).any()


def test_it_is_symmetric_and_the_seed_changes_little() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 80), features(rng, 80) + 0.1
    found = domain_classifier_auc(x, y)
    assert 0.6 < found < 0.99
    assert domain_classifier_auc(x, y) == found
    assert domain_classifier_auc(y, x) == pytest.approx(found, abs=1e-3)
    assert domain_classifier_auc(x, y, seed=1) == pytest.approx(found, abs=0.1)
    assert domain_classifier_auc(5 * x + 3, 5 * y + 3) == pytest.approx(found, abs=1e-3)


def test_samples_of_different_sizes_and_dead_dimensions_are_fine() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 200), features(rng, 20) + 3
    x[:, 3] = y[:, 3] = 0
    assert domain_classifier_auc(x, y) == 1


@pytest.mark.parametrize(
    ("folds", "said"),
    [(1, "folds is 1: give at least 2"), (7, "6 rows in a sample: 7 folds need at least 7")],
)
def test_folds_that_cannot_be_are_refused(folds: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        domain_classifier_auc(np.ones((6, 2)), np.ones((9, 2)), folds=folds)

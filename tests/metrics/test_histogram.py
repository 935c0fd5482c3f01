import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from raydrift.metrics import histogram_js, histogram_kl, histogram_kl_reverse
from tests.metrics.samples import Matrix, two_samples

ALL = [histogram_kl, histogram_kl_reverse, histogram_js]


def shares(pair: tuple[Matrix, Matrix], dimension: int, bins: int) -> tuple[Matrix, Matrix]:
    """Plain histograms over the quantiles of both, as numpy counts them."""
    one, other = (rows[:, dimension] for rows in pair)
    together = np.concatenate([one, other])
    steps = [k / bins for k in range(1, bins)]
    ends = np.unique(np.quantile(together, steps, method="inverted_cdf"))
    # numpy's bins are open at their end, ours at their start: mirrored, they are the same.
    edges = np.concatenate([[-math.inf], np.sort(-ends), [math.inf]])
    found = [np.histogram(-values, edges)[0] / len(values) for values in (one, other)]
    return found[0], found[1]


@given(two_samples(), st.sampled_from([2, 4, 8]))
def test_the_js_is_scipys_of_numpys_histograms(pair: tuple[Matrix, Matrix], bins: int) -> None:
    found = [shares(pair, dimension, bins) for dimension in range(pair[0].shape[1])]
    expected = np.mean([jensenshannon(p, q) ** 2 for p, q in found])
    assert histogram_js(*pair, bins=bins) == pytest.approx(expected, abs=1e-9)


@given(two_samples(), st.sampled_from([2, 4, 8]))
def test_both_kls_are_scipys_with_half_a_row_more_in_each_bin(
    pair: tuple[Matrix, Matrix], bins: int
) -> None:
    half = 0.5 / min(len(rows) for rows in pair)
    found = []
    for dimension in range(pair[0].shape[1]):
        p, q = shares(pair, dimension, bins)
        held = (p > 0) | (q > 0)  # the oracle's last bin may be empty in both
        found.append((p[held] + half, q[held] + half))
    assert histogram_kl(*pair, bins=bins) == pytest.approx(
        np.mean([entropy(q, p) for p, q in found]), abs=1e-9
    )
    assert histogram_kl_reverse(*pair, bins=bins) == pytest.approx(
        np.mean([entropy(p, q) for p, q in found]), abs=1e-9
    )


@given(two_samples())
def test_they_are_within_their_range_and_symmetric_where_they_should_be(
    pair: tuple[Matrix, Matrix],
) -> None:
    there, back, between = (measure(*pair) for measure in ALL)
    assert 0 <= between <= math.log(2) + 1e-12
    assert 0 <= there < math.inf
    assert histogram_js(*pair[::-1]) == pytest.approx(between, abs=1e-12)
    assert histogram_kl(*pair[::-1]) == pytest.approx(back, abs=1e-12)


@pytest.mark.parametrize("measure", ALL)
@given(pair=two_samples(), times=st.integers(1, 4))
def test_a_sample_is_at_zero_from_itself_any_number_of_times(
    measure: type, pair: tuple[Matrix, Matrix], times: int
) -> None:
    rows, _ = pair
    assert measure(rows, np.tile(rows, (times, 1))[::-1]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("measure", ALL)
def test_only_the_order_of_the_values_matters(measure: type) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)), rng.normal(size=(70, 4)) + 0.3
    assert measure(np.exp(x), np.exp(y)) == measure(x, y)


def test_samples_that_do_not_meet_are_at_the_limit() -> None:
    x = np.arange(100.0)[:, None]
    assert histogram_js(x, x + 100) == pytest.approx(math.log(2))
    assert math.log(2) < histogram_kl(x, x + 100) < math.inf


def test_they_are_averaged_over_the_dimensions() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 50, 3))
    for measure in ALL:
        each = [measure(x[:, [j]], y[:, [j]]) for j in range(3)]
        assert measure(x, y) == pytest.approx(np.mean(each), rel=1e-12)


def test_without_drift_they_are_as_small_as_the_docstrings_say() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 300)), rng.normal(size=(600, 300))
    width = 9 * (1 / 400 + 1 / 600)
    assert histogram_kl(x, y) == pytest.approx(width / 2, rel=0.1)
    assert histogram_js(x, y) == pytest.approx(width / 8, rel=0.1)


def test_dead_dimensions_are_equal_ones() -> None:
    assert [measure(np.zeros((4, 3)), np.zeros((5, 3))) for measure in ALL] == [0, 0, 0]


def test_one_bin_is_refused() -> None:
    with pytest.raises(ValueError, match="bins are 1: give at least 2"):
        histogram_kl(np.eye(3), np.eye(3), bins=1)

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from scipy.spatial.distance import cdist

from raydrift.metrics import energy_distance, mmd_squared
from raydrift.metrics.pairs import squared_distances, sum_pairs
from tests.metrics.samples import Matrix, two_samples


@given(two_samples())
def test_the_squared_distances_are_scipys(pair: tuple[Matrix, Matrix]) -> None:
    expected = cdist(*pair, "sqeuclidean")
    scale = max(1.0, *(float((rows**2).sum(axis=1).max()) for rows in pair))
    np.testing.assert_allclose(squared_distances(*pair), expected, atol=1e-13 * scale)


def test_equal_rows_are_at_zero_whatever_rounding_leaves() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 512)) * 1e3
    assert (np.diag(squared_distances(rows, rows.copy())) == 0).all()


@pytest.mark.parametrize("count", [5, 1024, 1025, 2500])
def test_tiles_of_many_splits_sum_to_the_whole_matrix(count: int) -> None:
    rng = np.random.default_rng(0)
    rows, splits = rng.normal(size=(count, 3)), rng.random((4, count)) < 0.3
    sums = sum_pairs(rows, splits, lambda squares: np.sqrt(squares, out=squares))
    distances = cdist(rows, rows)
    for number, split in enumerate(splits):
        first, second = distances[split], distances[~split]
        assert sums.first[number] == pytest.approx(first[:, split].sum(), rel=1e-9)
        assert sums.second[number] == pytest.approx(second[:, ~split].sum(), rel=1e-9)
        assert sums.across[number] == pytest.approx(first[:, ~split].sum(), rel=1e-9)


@pytest.mark.parametrize("measure", [energy_distance, mmd_squared])
def test_no_matrix_of_all_pairs_is_ever_held(measure: Callable[..., float]) -> None:
    rng = np.random.default_rng(0)
    peaks = []
    for count in (2500, 5000):  # all pairs of both: 200 and 800 MB
        pair = rng.normal(size=(2, count, 4))
        tracemalloc.start()
        measure(*pair)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 80e6
    assert peaks[1] < peaks[0] + 5e6

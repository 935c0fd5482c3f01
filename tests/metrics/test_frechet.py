import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy.linalg import sqrtm
from torchmetrics.image.fid import FrechetInceptionDistance

from raydrift.metrics import frechet_distance
from tests.metrics.samples import Matrix, features, rotation, two_samples, two_smooth_samples


class Pixels(torch.nn.Module):
    """An image's pixels are its features."""

    num_features = 6

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)[:, :6]


@given(two_smooth_samples())
def test_it_is_the_formula_with_scipys_matrix_root(pair: tuple[Matrix, Matrix]) -> None:
    (before, after), d = pair, pair[0].shape[1]
    one, other = (np.cov(rows.T).reshape(d, d) for rows in pair)
    root = np.atleast_2d(sqrtm(one @ other)).real
    moved = ((before.mean(axis=0) - after.mean(axis=0)) ** 2).sum()
    expected = moved + np.trace(one + other - 2 * root)
    assert frechet_distance(*pair) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_it_is_torchmetrics_fid_of_the_same_features() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 50, 6), 1.5 * features(rng, 70, 6) + 1
    fid = FrechetInceptionDistance(feature=Pixels(), input_img_size=(1, 2, 3))
    fid.set_dtype(torch.float64)
    fid.update(torch.tensor(x).view(-1, 1, 2, 3), real=True)
    fid.update(torch.tensor(y).view(-1, 1, 2, 3), real=False)
    assert frechet_distance(x, y) == pytest.approx(fid.compute().item(), rel=1e-6)


def test_fewer_rows_than_dimensions_are_no_obstacle() -> None:
    rng = np.random.default_rng(0)
    turn = rotation(64)
    # Covariances that commute: tr (S T)^½ is then the sum of the roots of their eigenvalues.
    x, scale = rng.normal(size=(10, 64)), 3.0
    x -= x.mean(axis=0)
    spread = (x**2).sum() / 9
    expected = (scale - 1) ** 2 * spread + 64
    assert frechet_distance(x @ turn, (scale * x + 1) @ turn) == pytest.approx(expected, rel=1e-12)


def test_blocks_give_what_the_whole_sample_gives() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 9000, 8), features(rng, 5000, 8) + 0.2
    one, other = np.cov(x.T), np.cov(y.T)
    moved = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
    expected = moved + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-8)


def test_memory_does_not_grow_with_the_samples() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 40_000, 32))
    tracemalloc.start()
    frechet_distance(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6  # a sample alone is 10 MB


@given(two_samples())
def test_it_is_symmetric_and_never_negative(pair: tuple[Matrix, Matrix]) -> None:
    found = frechet_distance(*pair)
    assert found >= 0
    assert frechet_distance(*pair[::-1]) == pytest.approx(found, rel=1e-9, abs=1e-8)


@given(two_samples())
def test_a_sample_is_at_zero_from_itself_in_any_order(pair: tuple[Matrix, Matrix]) -> None:
    rows, _ = pair
    assert frechet_distance(rows, rows[::-1].copy()) == pytest.approx(0, abs=1e-8)


def test_moving_and_rotating_both_changes_nothing_and_it_scales_as_the_square() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 20), features(rng, 50) + 0.3
    turn, expected = rotation(32), frechet_distance(x, y)
    assert frechet_distance(x @ turn + 5, y @ turn + 5) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * expected, rel=1e-9)

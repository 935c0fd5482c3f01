import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from sklearn.metrics.pairwise import polynomial_kernel
from torchmetrics.image.kid import KernelInceptionDistance

from raydrift.metrics import kernel_distance
from tests.metrics.samples import Matrix, features, rotation, two_samples


class Pixels(torch.nn.Module):
    """An image's pixels are its features."""

    num_features = 6

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


def naive(x: Matrix, y: Matrix) -> float:
    """The definition, with whole matrices."""
    kernels = [polynomial_kernel(one, degree=3, coef0=1) for one in (x, y)]
    within = sum((k.sum() - k.trace()) / (len(k) * (len(k) - 1)) for k in kernels)
    return float(within - 2 * polynomial_kernel(x, y, degree=3, coef0=1).mean())


def test_it_is_torchmetrics_kid_of_the_same_features_in_one_subset_of_all_rows() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 50, 6), 1.5 * features(rng, 50, 6) + 1
    with warnings.catch_warnings(action="ignore"):  # that it keeps all features
        kid = KernelInceptionDistance(feature=Pixels(), subsets=1, subset_size=50)
    kid.set_dtype(torch.float64)
    kid.update(torch.tensor(x).view(-1, 1, 2, 3), real=True)
    kid.update(torch.tensor(y).view(-1, 1, 2, 3), real=False)
    assert kernel_distance(x, y) == pytest.approx(kid.compute()[0].item(), rel=1e-9)


@given(two_samples())
def test_it_is_the_definition_and_symmetric(pair: tuple[Matrix, Matrix]) -> None:
    found, scale = kernel_distance(*pair), max(1, np.abs(np.concatenate(pair)).max() ** 6)
    assert found == pytest.approx(naive(*pair), rel=1e-9, abs=1e-10 * scale)
    assert kernel_distance(*pair[::-1]) == pytest.approx(found, rel=1e-9, abs=1e-10 * scale)


def test_tiles_give_what_whole_matrices_give() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 2100), features(rng, 1100) + 0.1
    assert kernel_distance(x, y) == pytest.approx(naive(x, y), rel=1e-9)


def test_it_is_unbiased() -> None:
    rng = np.random.default_rng(0)
    found = [kernel_distance(*rng.normal(size=(2, 8, 2))) for _ in range(2000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / len(found) ** 0.5
    assert min(found) < 0


def test_the_order_of_the_rows_and_rotating_both_change_nothing() -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 20), features(rng, 30) + 0.3
    turn, expected = rotation(32), kernel_distance(x, y)
    assert kernel_distance(x[::-1] @ turn, np.roll(y, 7, axis=0) @ turn) == pytest.approx(expected)

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from sklearn.covariance import ledoit_wolf
from torch.distributions import MultivariateNormal, kl_divergence

from raydrift.metrics import gaussian_geometric_js, gaussian_kl, gaussian_kl_reverse
from raydrift.metrics.gaussian import Covariance
from tests.metrics.samples import Matrix, features, rotation, two_smooth_samples

ALL = [gaussian_kl, gaussian_kl_reverse, gaussian_geometric_js]
COVARIANCES: list[Covariance] = ["shrunk", "diagonal"]


def fit(rows: Matrix, covariance: Covariance) -> MultivariateNormal:
    """The Gaussian as scikit-learn and torch have it."""
    spread = np.diag(rows.var(axis=0)) if covariance == "diagonal" else ledoit_wolf(rows)[0]
    return MultivariateNormal(torch.tensor(rows.mean(axis=0)), torch.tensor(spread))


@pytest.mark.parametrize("covariance", COVARIANCES)
@settings(max_examples=50)
@given(pair=two_smooth_samples())
def test_both_ways_are_torchs_of_scikit_learns_fits(
    covariance: Covariance, pair: tuple[Matrix, Matrix]
) -> None:
    before, after = (fit(rows, covariance) for rows in pair)
    there = gaussian_kl(*pair, covariance=covariance)
    assert there == pytest.approx(kl_divergence(after, before).item(), rel=1e-6, abs=1e-9)
    back = gaussian_kl_reverse(*pair, covariance=covariance)
    assert back == pytest.approx(kl_divergence(before, after).item(), rel=1e-6, abs=1e-9)
    assert gaussian_kl(*pair[::-1], covariance=covariance) == back


def test_fewer_rows_than_dimensions_are_no_obstacle() -> None:
    rng = np.random.default_rng(0)
    pair = rng.normal(size=(20, 64)), rng.normal(size=(30, 64)) + 0.5
    before, after = (fit(rows, "shrunk") for rows in pair)
    assert gaussian_kl(*pair) == pytest.approx(kl_divergence(after, before).item(), rel=1e-9)


def test_the_divergence_of_drawn_samples_comes_close_to_that_of_the_distributions() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 200_000, 3))
    y = 2 * y + [1, 0, -1]
    assert gaussian_kl(x, y) == pytest.approx((3 * (4 - 1 - math.log(4)) + 2) / 2, rel=0.01)
    expected = (3 * (1 / 4 - 1 + math.log(4)) + 2 / 4) / 2
    assert gaussian_kl_reverse(x, y) == pytest.approx(expected, rel=0.01)


def test_the_geometric_mean_of_two_gaussians_of_one_width_lies_halfway() -> None:
    x = np.random.default_rng(0).normal(size=(50, 1))
    expected = (2.0 / x.std()) ** 2 / 8  # KL to a mean that is half as far, from either side
    assert gaussian_geometric_js(x, x + 2) == pytest.approx(expected, rel=1e-9)
    assert gaussian_geometric_js(x, x + 8) > math.log(2)  # what the usual one cannot be


def test_the_geometric_divergence_is_made_of_two_kls_to_the_normalised_geometric_mean() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 1)), 3 * rng.normal(size=(50, 1)) + 1
    grid = torch.linspace(-40, 40, 200_001, dtype=torch.float64)[:, None]
    p, q = (fit(rows, "diagonal").log_prob(grid) for rows in (x, y))
    step = (grid[1] - grid[0]).item()
    g = (p + q) / 2
    g = g - torch.log(g.exp().sum() * step)
    expected = sum((one.exp() * (one - g)).sum().item() * step / 2 for one in (p, q))
    assert gaussian_geometric_js(x, y, covariance="diagonal") == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize("covariance", COVARIANCES)
def test_a_sample_is_at_zero_from_itself_in_any_order(
    measure: type, covariance: Covariance
) -> None:
    rows = features(np.random.default_rng(0), 60)
    assert measure(rows, rows[::-1].copy(), covariance=covariance) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("covariance", COVARIANCES)
@settings(max_examples=50)
@given(pair=two_smooth_samples())
def test_none_is_negative_and_the_geometric_one_is_symmetric(
    covariance: Covariance, pair: tuple[Matrix, Matrix]
) -> None:
    there, back, between = (measure(*pair, covariance=covariance) for measure in ALL)
    assert min(there, back, between) >= 0
    assert gaussian_geometric_js(*pair[::-1], covariance=covariance) == pytest.approx(
        between, rel=1e-6, abs=1e-9
    )
    # The logarithm of G is their mean less a constant below 0: a quarter of both KLs at most.
    assert between <= (there + back) / 4 + 1e-9


@pytest.mark.parametrize("measure", ALL)
def test_moving_rotating_and_scaling_both_changes_nothing(measure: type) -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 20), 1.2 * features(rng, 30)
    turn = rotation(32)
    assert measure(7 * x @ turn + 5, 7 * y @ turn + 5) == pytest.approx(measure(x, y), rel=1e-6)
    scale = np.linspace(0.1, 10, 32)
    one, other = (
        measure(rows, more, covariance="diagonal")
        for rows, more in ((x, y), (x * scale, y * scale))
    )
    assert one == pytest.approx(other, rel=1e-9)


def test_rows_without_variance_are_refused() -> None:
    rng = np.random.default_rng(0)
    some, same = rng.normal(size=(5, 3)), np.ones((5, 3))
    for one, other, name in ((same, some, "original"), (some, same, "drifted")):
        for measure in ALL:
            with pytest.raises(ValueError, match="singular") as caught:
                measure(one, other)
            assert str(caught.value) == (
                f"{name} embeddings have a singular covariance: give more rows that differ"
            )


def test_two_rows_leave_nothing_to_shrink_by() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="original embeddings have a singular covariance"):
        gaussian_kl(rng.normal(size=(2, 3)), rng.normal(size=(5, 3)))


def test_a_dimension_that_is_dead_in_both_counts_as_equal_one_that_died_is_refused() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 20, 3))
    without = gaussian_kl(x[:, [0, 2]], y[:, [0, 2]], covariance="diagonal")
    x[:, 1] = y[:, 1] = 0
    assert gaussian_kl(x, y, covariance="diagonal") == without
    y[:, 1] = 1
    said = "original embeddings do not vary in dimension 1: leave it out of both, or choose "
    with pytest.raises(ValueError, match=re.escape(said + "covariance='shrunk'")):
        gaussian_kl(x, y, covariance="diagonal")


def test_an_unknown_covariance_is_refused() -> None:
    with pytest.raises(ValueError, match="covariance is 'full': choose from: shrunk, diagonal"):
        gaussian_kl(np.eye(3), np.eye(3), covariance="full")  # type: ignore[arg-type]

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.special import softmax
from scipy.stats import entropy

from raydrift.metrics import kl_softmax, kl_softmax_pairs

Matrix = npt.NDArray[np.float64]


@st.composite
def pairs(draw: st.DrawFn, largest: float = 30.0) -> tuple[Matrix, Matrix]:
    """Embeddings of originals and of their drifted copies."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=9))
    values = st.floats(-largest, largest)
    return draw(arrays(np.float64, shape, elements=values)), draw(
        arrays(np.float64, shape, elements=values)
    )


def test_the_drifted_distribution_is_measured_against_the_original_one() -> None:
    original, drifted = [[0.0, 0.0]], [[math.log(3), 0.0]]  # softmax: (1/2, 1/2) and (3/4, 1/4)
    assert kl_softmax(original, drifted) == pytest.approx(
        0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    )
    assert kl_softmax(drifted, original) == pytest.approx(0.5 * math.log(2 / 3) + 0.5 * math.log(2))


@given(pairs())
def test_it_is_scipys_relative_entropy_of_the_softmaxes(pair: tuple[Matrix, Matrix]) -> None:
    original, drifted = pair
    expected = entropy(softmax(drifted, axis=1), softmax(original, axis=1), axis=1).mean()
    assert kl_softmax(original, drifted) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(pairs(largest=1e6))
def test_it_is_finite_and_never_negative(pair: tuple[Matrix, Matrix]) -> None:
    assert 0.0 <= kl_softmax(*pair) < math.inf


@given(pairs())
def test_it_is_zero_for_equal_embeddings(pair: tuple[Matrix, Matrix]) -> None:
    original, _ = pair
    assert kl_softmax(original, original.copy()) == 0.0


def test_it_is_the_mean_over_the_pairs() -> None:
    rng = np.random.default_rng(0)
    original, drifted = rng.normal(size=(2, 32, 512))
    each = [kl_softmax(original[i : i + 1], drifted[i : i + 1]) for i in range(32)]
    assert kl_softmax(original, drifted) == pytest.approx(np.mean(each), rel=1e-12)


def test_the_order_of_the_pairs_does_not_matter_but_the_pairing_does() -> None:
    rng = np.random.default_rng(0)
    original, drifted = rng.normal(size=(2, 32, 512))
    turned = np.roll(np.arange(32), 1)
    together = kl_softmax(original[turned], drifted[turned])
    assert together == pytest.approx(kl_softmax(original, drifted), rel=1e-12)
    assert kl_softmax(original, drifted[turned]) != pytest.approx(together, rel=1e-3)


def test_a_constant_on_all_logits_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    original, drifted = rng.normal(size=(2, 4, 512))
    assert kl_softmax(original + 7, drifted - 3) == pytest.approx(kl_softmax(original, drifted))


def test_logits_far_beyond_the_range_of_exp_do_not_overflow() -> None:
    assert kl_softmax([[0.0, 1e5]], [[1e5, 0.0]]) == 1e5


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int64])
def test_it_is_computed_in_float64_whatever_comes_in(kind: type[Any]) -> None:
    original, drifted = np.array([[0, 1, 2]], kind), np.array([[3, 1, 0]], kind)
    value = kl_softmax(original, drifted)
    assert type(value) is float
    assert value == kl_softmax([[0.0, 1.0, 2.0]], [[3.0, 1.0, 0.0]])


def test_the_embeddings_are_left_alone() -> None:
    original, drifted = np.ones((2, 3)), np.arange(6.0).reshape(2, 3)
    kl_softmax(original, drifted)
    assert (original == 1).all()
    assert (drifted == np.arange(6).reshape(2, 3)).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [((2, 3), (3, 2)), ((2, 3), (1, 3)), ((3,), (3,)), ((0, 3), (0, 3)), ((1, 2, 3), (1, 2, 3))],
)
def test_shapes_that_do_not_pair_are_refused(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="embeddings have the shapes") as caught:
        kl_softmax(np.zeros(one), np.zeros(other))
    assert (
        str(caught.value) == f"embeddings have the shapes {one} and {other}: give two equal (n, d)"
    )


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["original", "drifted"])
def test_embeddings_that_are_no_numbers_are_never_reported_as_no_drift(
    broken: float, where: str
) -> None:
    embeddings = {"original": [[0.0, 1.0]], "drifted": [[0.0, 1.0]]}
    embeddings[where] = [[broken, 1.0]]
    with pytest.raises(ValueError, match="not finite") as caught:
        kl_softmax(**embeddings)
    assert str(caught.value) == (
        "embeddings hold values that are not finite: check the images' network"
    )


def test_the_mean_of_the_pairs_is_the_divergence() -> None:
    before, after = np.random.default_rng(0).normal(size=(2, 32, 512))
    pairs = kl_softmax_pairs(before, after)
    assert pairs.shape == (32,)
    assert pairs.mean() == kl_softmax(before, after)
    assert pairs[3] == pytest.approx(kl_softmax(before[3:4], after[3:4]), rel=1e-12)

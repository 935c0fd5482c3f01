"""Samples of embeddings to measure."""

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

Matrix = npt.NDArray[np.float64]

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def two_samples(
    draw: st.DrawFn, least: int = 2, most: int = 12, dimensions: int = 5
) -> tuple[Matrix, Matrix]:
    """Two samples of one dimension and any sizes, with ties, outliers and shifts among them."""
    n, m = draw(st.integers(least, most)), draw(st.integers(least, most))
    d = draw(st.integers(1, dimensions))
    values = st.one_of(st.integers(-3, 3).map(float), st.floats(-100, 100, width=32))
    return draw(arrays(np.float64, (n, d), elements=values)), draw(
        arrays(np.float64, (m, d), elements=values)
    )


@st.composite
def two_smooth_samples(
    draw: st.DrawFn, least: int = 5, most: int = 40, dimensions: int = 5
) -> tuple[Matrix, Matrix]:
    """Two samples of continuous distributions, for what needs a variance in every direction."""
    n, m = draw(st.integers(least, most)), draw(st.integers(least, most))
    d = draw(st.integers(1, dimensions))
    rng = np.random.default_rng(draw(SEEDS))
    scale, shift = draw(st.floats(0.3, 3)), draw(st.floats(-2, 2))
    return rng.normal(size=(n, d)), scale * rng.normal(size=(m, d)) + shift


def rotation(d: int, seed: int = 0) -> Matrix:
    """A random orthogonal matrix."""
    return np.asarray(np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0])


def features(rng: np.random.Generator, n: int, d: int = 32) -> Matrix:
    """What pooled features are like: never negative, skewed, and of few directions."""
    mixing = np.abs(np.random.default_rng(0).normal(size=(4, d)))
    return np.abs(rng.normal(size=(n, 4))) @ mixing + 0.1 * np.abs(rng.normal(size=(n, d)))

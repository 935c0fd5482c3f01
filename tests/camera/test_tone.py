import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.camera.tone import encoded

gammas = st.floats(1, 5)


def in_float32(values: np.ndarray, gamma: float) -> np.ndarray:
    return encoded(values.astype(np.float32).reshape(1, 1, -1), gamma).ravel()


@given(gamma=gammas)
def test_float32_is_within_2e_6_of_the_value(gamma: float) -> None:
    values = np.float32(2.0) ** np.linspace(-120, 0, 20_001, dtype=np.float32)
    exact = values.astype(np.float64) ** (1 / gamma)
    assert np.abs(in_float32(values, gamma) / exact - 1).max() < 2.3e-6


@given(gamma=gammas)
def test_it_rises_from_0_to_1(gamma: float) -> None:
    ends = in_float32(np.array([-5, -0.0, 0, 1e-42, 1, 1.5, np.inf]), gamma)
    assert ends.tolist() == [0, 0, 0, 0, 1, 1, 1]
    values = in_float32(np.linspace(0, 1, 100_001), gamma)
    assert (np.diff(values) >= -6e-8).all()


def test_float64_is_the_power_itself() -> None:
    values = np.linspace(-0.5, 1.5, 1001).reshape(1, 7, 143)
    assert (encoded(values, 2.2) == np.clip(values, 0, 1) ** (1 / 2.2)).all()


@pytest.mark.parametrize("gamma", [1.0, 2.0])
def test_powers_of_four_have_exact_roots(gamma: float) -> None:
    values = 4.0 ** np.arange(-8, 1)
    assert in_float32(values, gamma) == pytest.approx(values ** (1 / gamma), abs=1e-7)

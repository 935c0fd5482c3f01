import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from raydrift.drift.pixels import as_levels


@given(
    arrays(np.float32, (4, 5, 3), elements=st.floats(-1000, 1000, width=32))
    | arrays(np.int16, (4, 5, 3))
)
def test_values_are_rounded_and_clipped_as_numpy_does_it(values: np.ndarray) -> None:
    expected = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    assert (as_levels(values) == expected).all()


def test_halves_go_to_the_even_level() -> None:
    halves = np.arange(255, dtype=np.float32).reshape(5, 17, 3) + np.float32(0.5)
    assert (as_levels(halves) % 2 == 0).all()


def test_levels_stay_as_they_are() -> None:
    levels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert as_levels(levels) is levels

"""The learning rate is constant, then falls on a line to 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.gan.cyclegan.schedule import rate_share


def test_it_falls_in_the_last_steps() -> None:
    assert [rate_share(step, 10, 0.4) for step in range(10)] == pytest.approx(
        [1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    )


def test_it_can_fall_from_the_first_step_on_or_never() -> None:
    assert [rate_share(step, 4, 1) for step in range(4)] == [1, 0.75, 0.5, 0.25]
    assert [rate_share(step, 4, 0) for step in range(4)] == [1, 1, 1, 1]


@given(st.integers(1, 10_000), st.floats(0, 1), st.data())
def test_it_is_a_share_that_never_rises(steps: int, decay: float, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps - 1))
    assert 0 < rate_share(step, steps, decay) <= 1
    assert rate_share(step + 1, steps, decay) <= rate_share(step, steps, decay)

"""Which images a training does not see."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from raydrift.engine.training.split import held_out

PATHS = [f"photos/{number:05d}.jpg" for number in range(1000)]
HELD = dict(zip(PATHS, held_out(PATHS, 0.3, 7).tolist(), strict=True))


def test_about_the_share_is_held_out() -> None:
    assert abs(held_out(PATHS, 0.1, seed=1).mean() - 0.1) < 0.03
    assert not held_out(PATHS, 0.0, seed=1).any()


def test_another_seed_holds_others_out() -> None:
    assert (held_out(PATHS, 0.3, 1) != held_out(PATHS, 0.3, 2)).any()


@given(st.permutations(range(40)), st.integers(2, 40))
def test_an_image_keeps_its_place_whatever_is_beside_it(order: list[int], count: int) -> None:
    paths = [PATHS[place] for place in order[:count]]
    held = held_out(paths, 0.3, 7)

    if not all(HELD[path] for path in paths):  # else one is trained on
        assert held.tolist() == [HELD[path] for path in paths]


def test_one_image_at_least_is_trained_on() -> None:
    held = [path for path in PATHS if held_out([path, PATHS[0]], 0.5, 3)[0]][:3]

    assert np.count_nonzero(held_out(held, 0.5, 3)) == len(held) - 1


def test_of_nothing_nothing_is_held_out() -> None:
    held = held_out([], 0.1, 3)

    assert (held.dtype, held.shape) == (np.bool_, (0,))

"""Images of earlier steps."""

import numpy as np
import pytest
import torch
from torch import Tensor

from raydrift.gan.cyclegan.pool import Pool

CPU = torch.device("cpu")


def numbered(first: int, count: int) -> Tensor:
    """Images of one pixel whose values are their numbers."""
    return torch.arange(first, first + count, dtype=torch.float32).reshape(count, 1, 1, 1)


def values(images: Tensor) -> list[int]:
    return [int(value) for value in images.flatten()]


def test_until_it_is_full_new_images_are_used() -> None:
    pool = Pool(5)
    drawn = np.random.default_rng(0)
    assert values(pool.exchange(numbered(0, 3), drawn)) == [0, 1, 2]
    assert values(pool.exchange(numbered(3, 2), drawn)) == [3, 4]
    assert values(pool.state_dict()["images"]) == [0, 1, 2, 3, 4]


def test_then_an_image_is_used_or_changes_places_with_an_earlier_one() -> None:
    pool = Pool(3)
    pool.exchange(numbered(0, 3), np.random.default_rng(0))
    chances = np.array([[0.6, 0.9], [0.4, 0.5], [0.1, 0.5], [0.5, 0.0]])

    class Given:
        def random(self, shape: tuple[int, int]) -> object:
            assert shape == chances.shape
            return chances

    used = pool.exchange(numbered(3, 4), Given())  # type: ignore[arg-type]
    assert values(used) == [3, 1, 4, 6]  # 4 went in for 1, and out for 5
    assert values(pool.state_dict()["images"]) == [0, 5, 2]


def test_half_of_the_images_are_earlier_ones_and_all_places_are_used() -> None:
    pool, drawn = Pool(50), np.random.default_rng(0)
    pool.exchange(numbered(0, 50), drawn)
    used = np.array(values(pool.exchange(numbered(50, 10_000), drawn)))
    earlier = used != np.arange(50, 10_050)
    assert earlier.mean() == pytest.approx(0.5, abs=0.02)
    assert set(range(50)) <= set(used.tolist())
    assert len(np.unique(used)) == len(used), "what was used has left the pool"


def test_a_pool_of_none_uses_new_images() -> None:
    pool = Pool(0)
    assert values(pool.exchange(numbered(0, 4), np.random.default_rng(0))) == [0, 1, 2, 3]
    assert pool.state_dict() == {"images": None}


def test_it_keeps_what_it_was_given() -> None:
    pool, images = Pool(2), numbered(7, 2)
    used = pool.exchange(images, np.random.default_rng(0))
    images.zero_()
    used.zero_()
    assert values(pool.state_dict()["images"]) == [7, 8]


@pytest.mark.parametrize("before", [0, 2, 5])
def test_it_continues_from_its_state(before: int) -> None:
    pool, other = Pool(4), Pool(4)
    if before:
        pool.exchange(numbered(0, before), np.random.default_rng(0))
    other.load_state_dict(pool.state_dict(), CPU)
    for one in (pool, other):
        one.exchange(numbered(10, 6), np.random.default_rng(1))
    assert values(pool.state_dict()["images"]) == values(other.state_dict()["images"])


def test_a_smaller_pool_takes_the_first() -> None:
    pool, smaller = Pool(4), Pool(2)
    pool.exchange(numbered(0, 4), np.random.default_rng(0))
    smaller.load_state_dict(pool.state_dict(), CPU)
    assert values(smaller.state_dict()["images"]) == [0, 1]
    assert len(smaller) == 2

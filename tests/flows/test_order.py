"""The order of an epoch is cut into batches beforehand; each sample comes once."""

from itertools import chain, islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.flows.order import DROPPED, KERAS, WRAPPED, Order


def lists(order: Order, epoch: int) -> list[list[int]]:
    return [task.samples.tolist() for task in order.epoch(epoch)]


def joined(batches: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(batches))


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 2**64 - 1), st.integers(0, 9))
def test_each_sample_comes_once_an_epoch(n: int, size: int, seed: int, epoch: int) -> None:
    batches = lists(Order(n, size, seed), epoch)
    assert sorted(joined(batches)) == list(range(n))
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)


def test_every_epoch_has_an_order_of_its_own() -> None:
    order = Order(100, 10, seed=3)
    assert lists(order, 0) == lists(order, 0)
    assert lists(order, 0) != lists(order, 1)
    assert lists(order, 0) != lists(Order(100, 10, seed=4), 0)


def test_without_shuffling_all_epochs_are_0_1_2() -> None:
    assert lists(Order(5, 2, seed=0, shuffle=False), 7) == [[0, 1], [2, 3], [4]]


@given(st.integers(1, 9), st.integers(1, 30), st.booleans())
def test_a_wrapped_batch_is_full(n: int, size: int, shuffle: bool) -> None:
    batches = lists(Order(n, size, seed=1, shuffle=shuffle, last=WRAPPED), 2)
    assert {len(batch) for batch in batches} == {size}
    assert sorted(joined(batches)[:n]) == list(range(n))
    if not shuffle:
        assert joined(batches) == [place % n for place in range(size * len(batches))]


def test_a_last_batch_that_is_not_full_is_dropped_where_asked() -> None:
    order = Order(5, 2, seed=0, shuffle=False, last=DROPPED)
    assert len(order) == 2
    assert lists(order, 0) == [[0, 1], [2, 3]]


def test_the_endless_order_goes_on_anywhere() -> None:
    order = Order(5, 2, seed=9)
    whole = list(islice(order.endless(), 8))
    assert [(task.number, task.epoch, task.place) for task in whole[:4]] == [
        (0, 0, 0), (1, 0, 1), (2, 0, 2), (3, 1, 0),
    ]  # fmt: skip
    later = list(islice(order.endless(epoch=1, number=3, first=1), 4))
    for one, other in zip(whole[4:], later, strict=True):
        assert (one.number, one.epoch, one.place) == (other.number, other.epoch, other.place)
        assert one.samples.tolist() == other.samples.tolist()


def test_no_samples_are_no_batches() -> None:
    assert list(Order(0, 4, seed=1).endless()) == []


def test_keras_orders_an_epoch_by_the_number_of_its_first_batch() -> None:
    order = Order(10, 4, seed=7, draws=KERAS)
    first, *others = order.epoch(1)
    expected = np.random.RandomState(7 + 3).permutation(10)
    assert first.samples.tolist() == expected[:4].tolist()
    assert first.draws_order
    assert not any(task.draws_order for task in others)


@pytest.mark.parametrize("draws", ["sample", "keras"])
def test_no_global_generator_is_touched(draws: str) -> None:
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()  # type: ignore[index]
    list(Order(10, 4, seed=7, draws=draws).epoch(0))
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]

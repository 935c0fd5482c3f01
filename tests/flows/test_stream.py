"""Batches from Ray in order or nearly so; those that are asked for at random are made here."""

from collections.abc import Iterator

import numpy as np
import pytest

import raydrift.engine.flow as engine_flow
from raydrift.augment.batches import Batch, BatchTask
from raydrift.flows.order import Order
from raydrift.flows.stream import Stream

ORDER = Order(50 * 4, 4, seed=3)


def made(task: BatchTask) -> Batch:
    return Batch(task, (np.full((4, 2, 2, 3), task.number, np.float32),), task.samples)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first batch of each pipeline that was begun; this process stands for Ray."""
    begun: list[int] = []

    def batches(_maker: object, tasks: object, _plan: object) -> Iterator[Batch]:
        for place, task in enumerate(tasks()):  # type: ignore[operator]
            if place == 0:
                begun.append(task.number)
            yield made(task)

    monkeypatch.setattr(engine_flow, "batches_on_ray", batches)
    return begun


def taken(stream: Stream, epoch: int, places: list[int]) -> list[int]:
    """The places of an epoch whose batches came from the stream."""
    tasks = list(ORDER.epoch(epoch))
    found = [stream.take(tasks[place], indexed=True) for place in places]
    for batch, place in zip(found, places, strict=True):
        if batch is not None:
            assert batch.task.place == place
    return [place for batch, place in zip(found, places, strict=True) if batch is not None]


def test_epochs_in_order_are_one_pipeline(opened: list[int]) -> None:
    """Keras looks at the first batch of each, and asks for it again."""
    stream = Stream(None, ORDER, 2, 4, 0)  # type: ignore[arg-type]
    for epoch in range(3):
        assert taken(stream, epoch, [0, *range(50)]) == [0, *range(50)]
    assert opened == [0]


def test_readers_that_are_a_little_apart_are_served_too(opened: list[int]) -> None:
    stream = Stream(None, ORDER, 2, 4, 0)  # type: ignore[arg-type]
    places = [place ^ 1 for place in range(50)]
    assert taken(stream, 0, [0, *places]) == [0, *places]
    assert opened == [0]


def test_batches_in_random_order_end_the_work_with_a_word(opened: list[int]) -> None:
    stream = Stream(None, ORDER, 2, 4, 0)  # type: ignore[arg-type]
    places = np.random.RandomState(1).permutation(50).tolist()
    with pytest.warns(UserWarning, match="in random order, which this process .* shuffle=False"):
        taken(stream, 0, [0, *places])
    for epoch in (1, 2):
        assert taken(stream, epoch, [0, *places]) == []
    assert opened == [0]


def test_a_look_at_one_batch_out_of_order_ends_nothing(opened: list[int]) -> None:
    stream = Stream(None, ORDER, 2, 4, 0)  # type: ignore[arg-type]
    assert taken(stream, 0, [0, 40]) == [0]
    assert taken(stream, 0, list(range(1, 50))) == list(range(1, 50))
    assert opened == [0]

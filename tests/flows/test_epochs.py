"""When an epoch is over: what Keras calls before it trains is none."""

import pytest

from raydrift.flows.epochs import EpochCounter


def keras_epoch(epochs: EpochCounter, reads: int, batches: int) -> int:
    """What Keras 3 calls in an epoch; returns the epoch that was read."""
    epochs.begin()
    read = epochs.epoch
    for _ in range(reads):
        epochs.read()
    epochs.end(batches)
    return read


@pytest.mark.parametrize("batches", [1, 2, 7])
def test_a_look_at_one_batch_is_no_epoch(batches: int) -> None:
    epochs = EpochCounter()
    keras_epoch(epochs, 1, batches)
    assert [keras_epoch(epochs, batches, batches) for _ in range(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("batches", [1, 2, 7])
def test_a_model_that_is_built_is_trained_without_a_look(batches: int) -> None:
    epochs = EpochCounter()
    for begun in (0, 3):  # fit is called twice
        assert not epochs.end(batches)
        read = [keras_epoch(epochs, batches, batches) for _ in range(3)]
        assert read == [begun, begun + 1, begun + 2]


def test_a_second_model_looks_again() -> None:
    epochs = EpochCounter()
    for begun in (0, 2):
        keras_epoch(epochs, 1, 5)
        assert [keras_epoch(epochs, 5, 5) for _ in range(2)] == [begun, begun + 1]


def test_a_look_through_threads_reads_more() -> None:
    epochs = EpochCounter()
    keras_epoch(epochs, 12, 50)
    assert [keras_epoch(epochs, 50, 50) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("steps", [1, 2])
def test_epochs_of_few_steps_are_epochs(steps: int) -> None:
    epochs = EpochCounter()
    keras_epoch(epochs, 1, 5)
    assert [keras_epoch(epochs, steps, 5) for _ in range(4)] == [0, 1, 2, 3]


def test_older_keras_begins_nothing_and_each_end_is_one() -> None:
    epochs = EpochCounter()
    assert not epochs.end(1)
    for epoch in range(1, 4):
        epochs.read()
        assert epochs.end(1)
        assert epochs.epoch == epoch


def test_after_it_is_set_there_may_be_a_look_again() -> None:
    epochs = EpochCounter()
    keras_epoch(epochs, 1, 1)
    keras_epoch(epochs, 1, 1)
    epochs.set(7)
    keras_epoch(epochs, 1, 1)
    assert [keras_epoch(epochs, 1, 1) for _ in range(2)] == [7, 8]

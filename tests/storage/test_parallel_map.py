"""Work in threads: in order, a few at once."""

import threading
from collections.abc import Iterator

import pytest

from raydrift.storage.parallel_map import in_threads


def test_results_come_in_the_order_of_the_items() -> None:
    later = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert later.wait(60), "another item was done meanwhile"
        else:
            later.set()
        return item * item

    assert list(in_threads(work, range(50), threads=2)) == [item * item for item in range(50)]


def test_items_are_taken_when_there_is_room() -> None:
    taken = list[int]()

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = in_threads(abs, items(), threads=3)
    assert next(results) == 0
    assert len(taken) == 4
    results.close()
    assert len(taken) == 4


def test_a_failure_comes_out_and_ends_the_work() -> None:
    done = list[int]()

    def work(item: int) -> None:
        if item == 2:
            raise ZeroDivisionError
        done.append(item)

    with pytest.raises(ZeroDivisionError):
        list(in_threads(work, range(1_000), threads=1))
    assert len(done) < 10

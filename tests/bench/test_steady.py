"""The steady window, on shards made by hand."""

import pytest

from raydrift.bench.steady import Span, Steady, steady_state


def shard(worker: str, started: float, seconds: float, images: int = 100) -> Span:
    return Span(worker, images, started, started + seconds)


def test_one_worker_counts_whole_cycles_from_the_end_of_its_first_shard() -> None:
    rows = [shard("a", 0, 9), shard("a", 10, 4), shard("a", 15, 4)]
    assert steady_state(rows, 1) == Steady(
        images_per_second=200 / 10, busy=8 / 10, begin=9.0, end=19.0
    )


def test_workers_add_up_and_the_window_is_where_all_of_them_are_at_work() -> None:
    """Worker b begins late and is alone at the end: neither is idle in the window from 5 to 9."""
    rows = [
        shard("a", 0, 1),
        shard("a", 1, 4),
        shard("a", 5, 4),
        shard("b", 3, 2),
        shard("b", 5, 2),
        shard("b", 8, 2),
        shard("b", 10, 2),
    ]
    assert steady_state(rows, 2) == Steady(
        images_per_second=200 / 8 + 300 / 7, busy=(4 + 3) / (2 * 4), begin=5.0, end=9.0
    )


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [shard("a", start, 1) for start in (0, 1, 2, 3)]
    assert steady_state(reversed(rows), 1) == steady_state(rows, 1)


def test_shards_of_different_sizes_count_by_their_images() -> None:
    rows = [shard("a", 0, 1, 7), shard("a", 1, 1, 10), shard("a", 2, 1, 30)]
    steady = steady_state(rows, 1)
    assert steady is not None
    assert steady.images_per_second == 20.0


def test_a_worker_that_begins_a_shard_before_the_last_is_done_is_busy_once() -> None:
    rows = [shard("a", 0, 3), shard("a", 2, 4), shard("a", 4, 6)]
    assert steady_state(rows, 1) == Steady(200 / 7, busy=1.0, begin=3.0, end=10.0)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [shard("a", 0, 1)],
        [shard("a", 0, 1), shard("a", 1, 1)],
        [shard("a", 0, 1), shard("a", 1, 1), shard("b", 0, 1)],
        [shard("a", 0, 1), shard("a", 1, 1), shard("b", 5, 1), shard("b", 6, 1)],
    ],
    ids=["nothing", "one shard", "a worker without", "a worker with one", "one after the other"],
)
def test_a_short_run_has_no_steady_state(rows: list[Span]) -> None:
    assert steady_state(rows, 2) is None

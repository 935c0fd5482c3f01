"""The steady window, on ledger rows made by hand."""

import pytest

from raydrift.bench.steady import Steady, finished, steady_state
from raydrift.storage.shards import LedgerRow


def shard(worker: str, started: float, seconds: float, images: int = 100) -> LedgerRow:
    row = (0, "run", images, images, 0, 0, 0, 0, "")
    return LedgerRow(*row, worker=worker, started=started, drift_seconds=seconds)


def test_a_shard_is_done_after_all_that_it_took() -> None:
    row = (0, "run", 1, 1, 0, 0, 0, 0, "")
    seconds = {"read_seconds": 1, "drift_seconds": 2, "embed_seconds": 3, "write_seconds": 4}
    assert finished(LedgerRow(*row, started=1000.0, **seconds)) == 1010.0


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
def test_a_short_run_has_no_steady_state(rows: list[LedgerRow]) -> None:
    assert steady_state(rows, 2) is None

"""How many workers are kept busy: the search, what limits it, and a small trial on a real Ray."""

import pytest

from raydrift.bench.scheduling import (
    BUSY,
    SchedulingTrial,
    limit_of,
    measure_scheduling,
    search_most,
)
from raydrift.bench.sleeping import Sleep, sleep_through
from raydrift.errors import PipelineError


def tried(good_up_to: int, room: int) -> tuple[int | None, list[int]]:
    """What the search finds, and which numbers it tries."""
    numbers: list[int] = []

    def good(workers: int) -> bool:
        numbers.append(workers)
        return workers <= good_up_to

    return search_most(good, room), numbers


@pytest.mark.parametrize(
    ("good_up_to", "room", "found", "numbers"),
    [
        (100, 500, 96, [16, 32, 64, 128, 96, 112, 104]),
        (1000, 100, 100, [16, 32, 64, 100]),
        (16, 16, 16, [16]),
        (11, 500, 11, [16, 8, 12, 10, 11]),
        (0, 500, None, [16, 8, 4, 2, 1]),
        (1000, 4, 4, [4]),
    ],
)
def test_the_search_doubles_and_then_halves_the_gap(
    good_up_to: int, room: int, found: int | None, numbers: list[int]
) -> None:
    assert tried(good_up_to, room) == (found, numbers)


@pytest.mark.parametrize(
    ("busy", "driver", "machine", "limit"),
    [
        (0.95, 0.99, 2.0, ""),
        (0.5, 0.95, 1.9, "the driver: it had 0.95 cores at work, of one at most"),
        (0.5, 0.6, 1.9, "the machine: it had 1.90 of 2 cores at work"),
        (0.5, 0.2, 0.3, "hand-over: neither the driver nor the machine was at its limit"),
    ],
)
def test_what_limits(busy: float, driver: float, machine: float, limit: str) -> None:
    trial = SchedulingTrial(64, busy=busy, driver_cores=driver, machine_cores=machine)
    assert limit_of(trial, cpus=2) == limit


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_workers_sleep_through_the_products_pipeline() -> None:
    found = sleep_through(Sleep(workers=2, shards=12, shard_size=16, milliseconds=10))
    assert set(found) == {
        "busy",
        "start_up_seconds",
        "shards_per_second",
        "driver_cores",
        "machine_cores",
        "worker_private_bytes",
    }
    assert 0 < found["busy"] <= 1
    assert 0 < found["shards_per_second"] <= 2 / 0.16
    assert found["start_up_seconds"] > 0


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_too_few_shards_have_no_steady_state() -> None:
    said = "not every one of 2 workers was given two of the 2 shards"
    with pytest.raises(PipelineError, match=said):
        sleep_through(Sleep(workers=2, shards=2, shard_size=16, milliseconds=10))


@pytest.mark.benchmark
def test_16_workers_are_kept_busy() -> None:
    """With a source that hands over too few shards at a time they are not."""
    (trial,) = measure_scheduling(16, milliseconds=5.0).trials
    assert trial.busy is not None, trial.limit
    assert trial.busy >= BUSY

"""What comes out of a pipeline: results as they are done, or in order and no faster than wanted."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from ray.data import DataContext

from raydrift.engine.data.failures import failure_row
from raydrift.engine.data.pipeline import Pipeline, Stage, run_in_order, run_pipeline
from raydrift.engine.data.rows import as_row, table_of
from raydrift.engine.data.shipping import fetched
from raydrift.engine.plan import Plan, Role
from raydrift.errors import RejectedError

pytestmark = pytest.mark.usefixtures("ray_session")

TWO = Plan((Role("workers", 2),))


@dataclass(frozen=True)
class Numbers:
    """A source whose shards are numbers."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[pa.Table]:
        for number in range(self.count):
            yield pa.table({"number": [number]})


class Slow:
    """Notes in a folder that it began with a shard; even ones take longer than odd ones."""

    def __init__(self, folder: Any, failing: Any) -> None:
        self._folder: str = fetched(folder)
        self._failing: int = fetched(failing)

    def __call__(self, row: pa.Table) -> pa.Table:
        (number,) = table_of(row)["number"].to_pylist()
        Path(self._folder, str(number)).touch()
        if number == self._failing:
            return failure_row(RejectedError("the third is not taken"))
        time.sleep(0.02 if number % 2 else 0.1)
        return pa.table({"number": [number]})


def pipeline(folder: Path, count: int, failing: int = -1) -> Pipeline:
    return Pipeline(Numbers(count), (Stage(Slow, "workers", (str(folder), failing)),), TWO)


def test_results_come_as_they_are_done_and_batches_in_order(tmp_path: Path) -> None:
    with closing(run_pipeline(pipeline(tmp_path, 24))) as rows:
        found = [row["number"] for row in rows]
    assert sorted(found) == list(range(24))
    with closing(run_in_order(pipeline(tmp_path, 24), ahead=4)) as tables:
        assert [table["number"][0].as_py() for table in tables] == list(range(24))


def test_no_more_is_begun_than_a_slow_consumer_will_take(tmp_path: Path) -> None:
    with closing(run_in_order(pipeline(tmp_path, 200), ahead=6)) as tables:
        for taken, _ in zip(range(1, 4), tables, strict=False):
            time.sleep(1.5)
            assert len(list(tmp_path.iterdir())) <= taken + 6
    begun = len(list(tmp_path.iterdir()))
    time.sleep(1)
    assert len(list(tmp_path.iterdir())) == begun, "it ends where it is closed"


class Ending:
    """Notes in a folder that it began with a shard, and takes the note away at its end."""

    def __init__(self, folder: Any) -> None:
        self._folder: str = fetched(folder)

    def __call__(self, row: pa.Table) -> pa.Table:
        (number,) = table_of(row)["number"].to_pylist()
        note = Path(self._folder, str(number))
        note.touch()
        time.sleep(0.2)
        note.unlink()
        return pa.table({"number": [number]})


def test_what_is_in_work_is_done_before_the_workers_are_stopped(tmp_path: Path) -> None:
    """Else Ray tells the user that a task failed."""
    stages = (Stage(Ending, "workers", (str(tmp_path),)),)
    with closing(run_in_order(Pipeline(Numbers(99), stages, TWO), ahead=6)) as tables:
        next(tables)
        deadline = time.monotonic() + 5
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
    time.sleep(0.5)
    assert list(tmp_path.iterdir()) == []


def test_what_a_worker_could_not_go_on_after_is_raised_where_it_is_waited_for(
    tmp_path: Path,
) -> None:
    with closing(run_in_order(pipeline(tmp_path, 9, failing=2), ahead=9)) as tables:
        assert [next(tables)["number"][0].as_py() for _ in range(2)] == [0, 1]
        with pytest.raises(RejectedError, match=r"^the third is not taken$"):
            next(tables)


def test_between_batches_the_callers_own_settings_of_ray_data_are_in_force(
    tmp_path: Path,
) -> None:
    """Also where several are open at once, and are closed in the order in which they began."""
    own, level = DataContext.get_current(), logging.getLogger("ray.data").level
    one = Plan((Role("workers", 1),))
    first, second = (
        run_in_order(replace(pipeline(tmp_path, 6), plan=one), ahead=2) for _ in range(2)
    )
    for tables in (first, second):
        next(tables)
        assert DataContext.get_current() is own
    for tables in (first, second):
        tables.close()
    assert DataContext.get_current() is own
    assert own.execution_options.preserve_order is False
    assert logging.getLogger("ray.data").level == level


def test_stages_pass_rows_on_to_those_of_another_role(tmp_path: Path) -> None:
    plan = Plan((Role("workers", 1), Role("others", 1)))
    stages = (Stage(PassedOn, "workers"), Stage(Slow, "others", (str(tmp_path), -1)))
    with closing(run_in_order(Pipeline(Numbers(4), stages, plan), ahead=4)) as tables:
        assert [table["number"][0].as_py() for table in tables] == [100, 101, 102, 103]


class PassedOn:
    """Adds a hundred."""

    def __call__(self, row: pa.Table) -> pa.Table:
        (number,) = table_of(row)["number"].to_pylist()
        return as_row(pa.table({"number": [number + 100]}))


def test_an_instance_with_threads_takes_as_many_shards_at_once() -> None:
    one = Plan((Role("workers", 1),))
    stages = (Stage(Meeting, "workers", threads=3),)
    with closing(run_pipeline(Pipeline(Numbers(6), stages, one))) as rows:
        assert [row["met"] for row in rows] == [True] * 6


class Meeting:
    """Waits until three of its calls have come."""

    def __init__(self) -> None:
        self._met = threading.Barrier(3)

    def __call__(self, _: pa.Table) -> pa.Table:
        self._met.wait(20)
        return pa.table({"met": [True]})

"""How many workers the pipeline keeps busy, when the work itself costs this machine nothing."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from rich.table import Table

from raydrift.bench.child import figures_of
from raydrift.bench.memory import available_bytes
from raydrift.bench.sleeping import Sleep
from raydrift.bench.tables import new_table, number, percent
from raydrift.cpus import usable_cpus
from raydrift.errors import PipelineError, SettingsError

BUSY: Final = 0.9
"""The fraction of their time that workers should have work."""

_SHARD_SIZE: Final = 256
_SHARDS_A_WORKER: Final = 10
_FIRST: Final = 16
_FINE: Final = 8  # the search ends within an eighth of the largest number
_WORKER_BYTES: Final = 150 * 10**6
_SPARE_BYTES: Final = 2 * 10**9

# Processes that start share this machine's cores.
_START_S: Final = 60.0
_START_A_WORKER_S: Final = 6.0
_HAND_OVER_S: Final = 5.0  # a shard's, at the very worst


@dataclass(frozen=True)
class SchedulingTrial:
    """One number of workers.

    Attributes:
        workers: Processes that slept instead of working.
        busy: The fraction of their time that they had something to do; None: the trial failed.
        shards_per_second: Handed over.
        driver_cores: Cores that the driver had at work.
        machine_cores: Cores that the whole machine had at work.
        start_up_seconds: Until all workers were there.
        worker_private_bytes: A worker's private memory, at the most.
        limit: What kept the workers from being busier, if they were not busy enough.
    """

    workers: int
    busy: float | None = None
    shards_per_second: float | None = None
    driver_cores: float | None = None
    machine_cores: float | None = None
    start_up_seconds: float | None = None
    worker_private_bytes: int | None = None
    limit: str = ""


@dataclass(frozen=True)
class SchedulingFigures:
    """All trials.

    Attributes:
        milliseconds: That an image was slept for; 256 of them are a shard.
        trials: In the order in which they were made.
        most_workers: The largest number that was at least 90 % busy; None: no trial was.
        limit: What ended the search.
    """

    milliseconds: float
    trials: list[SchedulingTrial]
    most_workers: int | None
    limit: str
    what: str = "scheduling"

    def table(self) -> Table:
        """The figures as people read them."""
        names = ("workers", "busy", "shards/s", "driver cores", "machine cores", "start-up")
        table = new_table(f"shards of 256 images that sleep {self.milliseconds:g} ms each", *names)
        for trial in self.trials:
            table.add_row(
                str(trial.workers),
                percent(trial.busy),
                number(trial.shards_per_second, 1),
                number(trial.driver_cores, 2),
                number(trial.machine_cores, 2),
                f"{number(trial.start_up_seconds, 0)} s",
            )
        limit = f"; the limit is {self.limit}" if self.limit else ""
        table.caption = f"at least 90 % busy: {self.most_workers or 'none'}{limit}"
        return table


def parse_workers(text: str) -> int | None:
    """Reads a number of workers, or ``auto`` as None.

    Raises:
        SettingsError: It is neither.

    >>> parse_workers("64"), parse_workers("auto")
    (64, None)
    """
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"scheduling {text!r}: give a number of workers, or auto")
    return int(text)


def measure_scheduling(workers: int | None, milliseconds: float) -> SchedulingFigures:
    """Makes one trial, or searches for the most workers that are at least 90 % busy.

    Args:
        workers: How many; None: search.
        milliseconds: An image.

    Raises:
        SettingsError: So many workers do not fit into the memory.
    """
    room = most_by_memory(available_bytes())
    if workers is not None and workers > room:
        raise SettingsError(f"{workers} workers do not fit into the memory: give at most {room}")
    trials: list[SchedulingTrial] = []

    def busy(count: int) -> bool:
        trials.append(try_workers(count, milliseconds))
        return (trials[-1].busy or 0.0) >= BUSY

    if workers is not None:
        most = workers if busy(workers) else None
        return SchedulingFigures(milliseconds, trials, most, trials[0].limit)
    most = search_most(busy, room)
    limits = [trial.limit for trial in trials if trial.limit]
    limit = limits[-1] if limits else f"the memory: {room} workers fill it"
    return SchedulingFigures(milliseconds, trials, most, limit)


def try_workers(workers: int, milliseconds: float) -> SchedulingTrial:
    """Lets a number of workers sleep through ten shards each, in a Ray of their own."""
    sleep = Sleep(workers, workers * _SHARDS_A_WORKER, _SHARD_SIZE, milliseconds)
    slept = _SHARDS_A_WORKER * _SHARD_SIZE * milliseconds / 1000
    limit_s = _START_S + workers * _START_A_WORKER_S + slept + sleep.shards * _HAND_OVER_S / 10
    command = [sys.executable, "-m", "raydrift.bench.sleeping", json.dumps(asdict(sleep))]
    try:
        found = figures_of(command, f"the trial of {workers} workers", limit_s)
    except PipelineError as error:
        return SchedulingTrial(workers, limit=str(error))
    trial = SchedulingTrial(workers, **found)
    return SchedulingTrial(workers, **found, limit=limit_of(trial, usable_cpus()))


def search_most(good: Callable[[int], bool], room: int) -> int | None:
    """The largest number up to ``room`` that is good, within an eighth of it.

    Doubles from 16 until a number is not good, then halves the gap.

    >>> search_most(lambda workers: workers <= 100, room=500)
    96
    >>> search_most(lambda workers: True, room=100)
    100
    """
    best, bad, count = 0, 0, min(_FIRST, room)
    while good(count):
        best = count
        if best == room:
            return best
        count = min(2 * count, room)
    bad = count
    while bad - best > max(1, best // _FINE):
        middle = (best + bad) // 2
        if good(middle):
            best = middle
        else:
            bad = middle
    return best or None


def most_by_memory(available: int | None) -> int:
    """How many workers fit into the memory, with some to spare; at least one.

    >>> most_by_memory(17_000_000_000)
    100
    """
    if available is None:
        return _FIRST
    return max(1, (available - _SPARE_BYTES) // _WORKER_BYTES)


def limit_of(trial: SchedulingTrial, cpus: int) -> str:
    """What kept the workers of a trial from being busier; empty where they were busy enough."""
    if (trial.busy or 0.0) >= BUSY or trial.driver_cores is None or trial.machine_cores is None:
        return ""
    if trial.driver_cores > BUSY:
        return f"the driver: it had {trial.driver_cores:.2f} cores at work, of one at most"
    if trial.machine_cores > BUSY * cpus:
        return f"the machine: it had {trial.machine_cores:.2f} of {cpus} cores at work"
    return "hand-over: neither the driver nor the machine was at its limit"

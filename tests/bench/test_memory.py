"""What ``/proc`` tells of processes."""

import mmap
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from raydrift.bench.memory import (
    Memory,
    Sample,
    Watch,
    available_bytes,
    descendants,
    memory_of,
    seconds_since_start,
)
from tests.faults.runs import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")

MIB = 2**20
HOLD = "held = b'x' * (64 * 2**20); print(flush=True); input()"


@pytest.fixture
def holder() -> Iterator[int]:
    """A child that holds 64 MiB."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


def test_memory_of_a_process_is_what_it_holds(holder: int) -> None:
    memory = memory_of(holder)
    assert 64 * MIB <= memory.private <= memory.resident < 128 * MIB


def test_a_process_that_ended_is_an_oserror(holder: int) -> None:
    assert holder in descendants(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        with pytest.raises(OSError, match=str(process.pid)):
            memory_of(process.pid)


@pytest.fixture
def no_worker_of_before() -> None:
    """Workers of the tests before may take a while to end."""
    until(lambda: not any(map(is_worker, descendants(os.getpid()))), "the end of all workers")


def is_worker(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().startswith("ray::MapWorker")
    except OSError:  # it has ended
        return False


@pytest.mark.usefixtures("no_worker_of_before", "holder")
def test_the_watch_sees_the_drivers_peak_and_no_process_that_is_not_rays() -> None:
    with Watch() as watch:
        with mmap.mmap(-1, 64 * MIB) as held:  # an allocator might keep what is freed
            held.write(b"x" * (64 * MIB))
            time.sleep(1)
        time.sleep(1)
    assert set(watch.peaks) == {"driver"}
    after = memory_of(os.getpid())
    assert watch.peaks["driver"].private > after.private + 32 * MIB
    assert watch.driver_peak(time.time()) == watch.peaks["driver"]
    assert watch.driver_peak(0) is None
    assert watch.driver[-1].machine_cpu_seconds > watch.driver[-1].cpu_seconds


def test_cores_at_work_are_processor_time_by_time() -> None:
    watch = Watch()
    nothing = Memory(0, 0)
    for second in range(5):
        watch.driver.append(Sample(1000.0 + second, nothing, 0.5 * second, 50 + 1.5 * second))
    assert watch.cores(1000.5, 1003.5) == (0.5, 1.5)
    assert watch.cores(1000.5, 1001.5) is None


def test_this_process_and_this_machine() -> None:
    assert 0 < seconds_since_start() < 24 * 3600
    available = available_bytes()
    assert available is not None
    assert available > 100 * MIB

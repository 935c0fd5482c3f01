"""What the processes of a run take while it runs, read from Linux's ``/proc``."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_PROC: Final = Path("/proc")
_EVERY_S: Final = 0.4
_LOOKS_TO_PASS: Final = 2  # looking holds a process up for milliseconds
_KIB: Final = 1024
_EMBEDDERS: Final = ("EmbedStage", "MeasureStage")


@dataclass(frozen=True)
class Memory:
    """The memory of one process, bytes.

    Attributes:
        resident: What lies in RAM, pages of Ray's object store that it shares with others counted.
        private: What no other process shares.
    """

    resident: int
    private: int

    def most(self, other: "Memory | None") -> "Memory":
        """The larger of each."""
        if other is None:
            return self
        return Memory(max(self.resident, other.resident), max(self.private, other.private))


@dataclass(frozen=True)
class Sample:
    """The driver at a moment.

    Attributes:
        time: Seconds since 1970.
        memory: Its own.
        cpu_seconds: Processor time that it has used up.
        machine_cpu_seconds: Processor time that all processes of the machine have used up.
    """

    time: float
    memory: Memory
    cpu_seconds: float
    machine_cpu_seconds: float


class Watch:
    """Looks at this process and at Ray's workers below it, about once a second.

    Attributes:
        driver: What was seen of this process, in order.
        peaks: The most that a process of each role took: ``driver``, ``worker``, ``embedder``.
    """

    def __init__(self, embedding_workers: bool = False) -> None:
        self.driver: list[Sample] = []
        self.peaks: dict[str, Memory] = {}
        self._embedders = (*_EMBEDDERS, "DriftStage") if embedding_workers else _EMBEDDERS
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        if _PROC.joinpath("self", "smaps_rollup").exists():  # only Linux tells
            self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def driver_peak(self, until: float) -> Memory | None:
        """The most that the driver took up to a time, seconds since 1970."""
        peak: Memory | None = None
        for sample in self.driver:
            if sample.time <= until:
                peak = sample.memory.most(peak)
        return peak

    def cores(self, begin: float, end: float) -> tuple[float, float] | None:
        """Cores that the driver, and that the whole machine, had at work between two times."""
        inside = [sample for sample in self.driver if begin <= sample.time <= end]
        if len(inside) < 2:
            return None
        first, last = inside[0], inside[-1]
        seconds = last.time - first.time
        return (
            (last.cpu_seconds - first.cpu_seconds) / seconds,
            (last.machine_cpu_seconds - first.machine_cpu_seconds) / seconds,
        )

    def _look_on(self) -> None:
        driver = os.getpid()
        passes: dict[int, int] = {}
        while not self._stopped.wait(_EVERY_S):
            for process in (driver, *descendants(driver)):
                with suppress(OSError):  # it ended meanwhile
                    role = "driver" if process == driver else self._role(process)
                    if not role:
                        continue
                    # At once where it is new to its role: it may not live long.
                    passed = passes.get(process, _LOOKS_TO_PASS)
                    passes[process] = (passed + 1) % (_LOOKS_TO_PASS + 1)
                    if passed == _LOOKS_TO_PASS:
                        self._look_at(process, role)

    def _look_at(self, process: int, role: str) -> None:
        memory = memory_of(process)
        self._note(role, memory)
        if role == "driver":
            used = time.process_time()
            self.driver.append(Sample(time.time(), memory, used, _machine_cpu_seconds()))

    def _note(self, role: str, memory: Memory) -> None:
        self.peaks[role] = memory.most(self.peaks.get(role))

    def _role(self, process: int) -> str:
        title = _PROC.joinpath(str(process), "cmdline").read_text()
        if not title.startswith("ray::MapWorker"):
            return ""
        return "embedder" if any(stage in title for stage in self._embedders) else "worker"


def descendants(process: int) -> Iterator[int]:
    """A process's children, and theirs."""
    with suppress(OSError):  # it ended meanwhile
        for thread in _PROC.joinpath(str(process), "task").iterdir():
            with suppress(OSError):
                for child in (thread / "children").read_text().split():
                    yield int(child)
                    yield from descendants(int(child))


def memory_of(process: int) -> Memory:
    """What a process takes now.

    Raises:
        OSError: It has ended.
    """
    lines = _PROC.joinpath(str(process), "smaps_rollup").read_text().splitlines()[1:]
    sizes: dict[str, int] = {}
    for line in lines:
        name, _, size = line.partition(":")
        sizes[name] = int(size.split()[0]) * _KIB
    if not sizes:
        raise ProcessLookupError(process)
    return Memory(sizes["Rss"], sizes["Private_Clean"] + sizes["Private_Dirty"])


def seconds_since_start() -> float:
    """How long ago this process was started; 0 where nothing tells."""
    try:
        fields = _PROC.joinpath("self", "stat").read_text().rpartition(")")[2].split()
        up = float(_PROC.joinpath("uptime").read_text().split()[0])
    except OSError:
        return 0.0
    return up - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def available_bytes() -> int | None:
    """Memory that can be taken without swapping; None where nothing tells."""
    with suppress(OSError):
        for line in _PROC.joinpath("meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * _KIB
    return None


def _machine_cpu_seconds() -> float:
    """User, nice and system time of all processors."""
    names = _PROC.joinpath("stat").read_text().split("\n", 1)[0].split()
    return sum(map(int, names[1:4])) / os.sysconf("SC_CLK_TCK")

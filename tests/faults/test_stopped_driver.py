"""A run that was told to stop: it says so, leaves no lock, and the same command finishes it."""

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from raydrift.storage import layout
from tests.faults.runs import SHARD_FILES, Gate, Run, contents, until, without_embeddings

KEPT = "what is finished is kept, the same command goes on"


def other_thread(process: int) -> int:
    """A thread of a process that takes SIGTERM, and is not the main one.

    Python's handlers run in the main one. It is not woken by what another takes, nor by what comes
    as it is about to wait.
    """
    for status in Path(f"/proc/{process}/task").glob("*/status"):
        facts = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
        blocked = int(facts["SigBlk"], 16) >> (signal.SIGTERM - 1) & 1
        if int(facts["Pid"]) != process and not blocked:
            return int(facts["Pid"])
    raise AssertionError("all other threads block it")


def tell_thread(thread: int, process: int, sign: signal.Signals) -> None:
    tgkill = {"x86_64": 234, "aarch64": 131}[os.uname().machine]
    assert ctypes.CDLL(None).syscall(tgkill, process, thread, sign) == 0


@pytest.mark.slow
def test_after_ctrl_c_and_after_kill_the_same_command_goes_on(
    album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """Each comes with the worker in the midst of a shard; a terminal tells the whole group."""
    output, options = tmp_path / "out", ["--workers=1", "--keep-shards"]

    early = Gate(album, shard=7)
    with Run(album, output, *options) as run:
        early.reader(run)
        os.killpg(run.main.pid, signal.SIGINT)
        assert run.wait() == 130, run.log.read_text()
        assert run.said() == [f"raydrift: interrupted: {KEPT}"]
        assert not (output / layout.LOCK).exists()
        until(lambda: not run.alive(), "the end of its workers")
        first = run.committed()
        assert len(first) == 7
    (begun,) = (output / layout.SHARDS).glob(".part-00000007-*.parquet.*.tmp")
    early.open()

    late = Gate(album, shard=15)
    with Run(album, output, *options) as run:
        late.reader(run)
        assert not begun.exists(), "what the killed worker left"
        time.sleep(1)  # until the main thread waits for the shard
        tell_thread(other_thread(run.main.pid), run.main.pid, signal.SIGTERM)
        assert run.wait() == 143, run.log.read_text()
        assert run.said() == [f"raydrift: terminated: {KEPT}"]
        assert not (output / layout.LOCK).exists()
        until(lambda: not run.alive(), "the end of its workers")
        second = run.committed()
        assert len(second) == 15
    late.open()

    with Run(album, output, *options) as run:
        assert run.wait() == 0, run.log.read_text()
        assert first.items() <= second.items() <= run.committed().items()
    assert contents(output) == without_embeddings(reference) | {"_shards": SHARD_FILES}

"""One run at a time: who holds an output folder, who waits, who is told."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from raydrift.errors import LockedError
from raydrift.paths import StoragePath
from raydrift.storage.lock import OutputLock

FAST = 0.1


@pytest.fixture
def output(tmp_path: Path) -> StoragePath:
    return StoragePath.of(tmp_path)


def owner(output: StoragePath) -> dict[str, object]:
    return dict(json.loads((output / "run.lock").read_bytes()))


def leave_lock(output: StoragePath, **others: object) -> None:
    """A lock as a run on another machine left it."""
    content = {
        "owner": "somebody",
        "host": "far-away",
        "pid": 4711,
        "machine": "another",
        "renewed": 3,
    }
    (output / "run.lock").write_bytes(json.dumps(content | others).encode())


def test_the_file_is_there_while_it_is_held_and_says_who_holds_it(output: StoragePath) -> None:
    with OutputLock(output):
        assert set(output.names()) == {"run.lock"}
        assert owner(output)["pid"] == os.getpid()
    assert output.names() == {}


def test_an_error_gives_it_back(output: StoragePath) -> None:
    with pytest.raises(ZeroDivisionError), OutputLock(output):
        raise ZeroDivisionError
    assert output.names() == {}


def test_the_second_is_told_who_is_at_work(output: StoragePath) -> None:
    with OutputLock(output, FAST) as first:
        with pytest.raises(LockedError) as error:
            OutputLock(output, FAST).__enter__()
        first.check()
        assert str(error.value) == (
            f"another run is at work in {output} ({owner(output)['host']}:{os.getpid()}): "
            "wait until it ends, or choose another output"
        )
    with OutputLock(output, FAST):
        pass


def test_the_lock_of_a_process_that_was_killed_is_taken_over_at_once(
    output: StoragePath, tmp_path: Path
) -> None:
    code = (
        "import os, sys; from raydrift.paths import StoragePath; "
        "from raydrift.storage.lock import OutputLock; "
        "OutputLock(StoragePath.of(sys.argv[1])).__enter__(); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path], check=False, timeout=60)
    assert killed.returncode == -9
    assert owner(output)["pid"] != os.getpid()
    start, told = time.monotonic(), list[str]()
    with OutputLock(output, renewed_every_s=60, tell=told.append):
        assert time.monotonic() - start < 30
        assert told == []


def test_a_lock_from_elsewhere_is_taken_over_when_nobody_renews_it(output: StoragePath) -> None:
    leave_lock(output)
    told = list[str]()
    with OutputLock(output, FAST, told.append) as lock:
        assert owner(output)["owner"] != "somebody"
        lock.check()
    assert told == [
        f"{output} was last used by far-away:4711: waiting up to 0 s to see if it still is"
    ]
    assert output.names() == {}


def test_a_lock_that_is_given_back_while_one_waits_is_taken(output: StoragePath) -> None:
    leave_lock(output)
    with OutputLock(output, 60, lambda line: (output / "run.lock").delete()):
        assert owner(output)["pid"] == os.getpid()


def test_a_lock_that_is_renewed_while_one_waits_is_another_runs(output: StoragePath) -> None:
    leave_lock(output)
    with pytest.raises(LockedError, match=r"another run is at work in .* \(far-away:4711\): "):
        OutputLock(output, 60, lambda line: leave_lock(output, renewed=4)).__enter__()
    assert owner(output)["owner"] == "somebody"


def test_who_lost_the_folder_is_told_and_leaves_the_lock_alone(output: StoragePath) -> None:
    with OutputLock(output, FAST) as lock:
        leave_lock(output)
        with pytest.raises(LockedError, match=r"\(far-away:4711\)"):
            check_for_a_while(lock)
    assert owner(output)["owner"] == "somebody"


def check_for_a_while(lock: OutputLock) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        lock.check()
        time.sleep(0.02)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b'{"owner": "x"}', b"\xff"])
def test_a_file_that_is_no_lock_is_replaced(output: StoragePath, content: bytes) -> None:
    (output / "run.lock").write_bytes(content)
    with OutputLock(output, 60):
        assert owner(output)["pid"] == os.getpid()


@pytest.mark.parametrize("pid", [-1, 0, 2**70, "x", None])
def test_a_process_id_that_cannot_be_does_no_harm(output: StoragePath, pid: object) -> None:
    with OutputLock(output, 60):
        machine = owner(output)["machine"]
    leave_lock(output, machine=machine, pid=pid)
    with OutputLock(output, 0.01):
        assert owner(output)["pid"] == os.getpid()


def test_a_lock_that_was_deleted_comes_back(output: StoragePath) -> None:
    with OutputLock(output, 0.02):
        (output / "run.lock").delete()
        deadline = time.monotonic() + 20
        while not (output / "run.lock").is_file():
            assert time.monotonic() < deadline
            time.sleep(0.02)

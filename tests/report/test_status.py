"""How far a run is: from nothing to the merged result."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from raydrift.cli import run
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.report.status import run_status
from raydrift.settings.toml import generate_settings
from raydrift.storage import layout
from raydrift.storage.accepted import accept, rows_to_merge
from raydrift.storage.finalize import finalize
from raydrift.storage.lock import OutputLock, find_holder
from raydrift.storage.record import require_record
from tests.made_shards import make_shards, shard_place


@pytest.fixture
def output(scenes: Path, tmp_path: Path) -> StoragePath:
    """A run of 72 images, whose 9 shards are there and not merged."""
    settings = {"input": str(scenes), "output": str(tmp_path), "image": {"height": 8, "width": 8}}
    make_shards(generate_settings(settings), size=8)
    return StoragePath.of(tmp_path)


def tell(output: StoragePath, shard: int, **values: Any) -> None:
    """Has the ledger say something else of a shard."""
    file = Path(shard_place(output, shard, "json").path)
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"^no run has begun in {tmp_path}: .*give the output"):
        run_status(StoragePath.of(tmp_path))


def test_shards_count_that_are_committed_and_of_this_run(output: StoragePath) -> None:
    whole = run_status(output)
    assert (whole.shards, whole.asked, whole.written, whole.rejected) == (9, 72, 72, 0)
    tell(output, 0, rejected=2, written=6)
    tell(output, 1, fingerprint="another run's")
    shard_place(output, 2, "json").delete()
    found = run_status(output)
    assert (found.shards, found.asked, found.written, found.rejected) == (7, 56, 54, 2)
    assert found.record.shards == 9


def test_the_speed_is_of_the_time_in_which_shards_were_made(output: StoragePath) -> None:
    """Two workers for 20 s, an hour of nothing, then one for 10 s; two shards are not there yet."""
    seconds = {"read_seconds": 1.0, "drift_seconds": 6.0, "embed_seconds": 2.0}
    spans = [0, 0, 10, 10, 12, 3620, 3620]
    for shard, began in enumerate(spans):
        tell(output, shard, started=1e9 + began, write_seconds=1.0, **seconds)
    for shard in (7, 8):
        shard_place(output, shard, "json").delete()
    found = run_status(output)
    assert found.busy_seconds == 22 + 10
    assert found.rate == 56 / 32
    assert found.seconds_left == 16 / (56 / 32)


def test_a_finished_run_is_told_by_its_record(output: StoragePath) -> None:
    finalize(output)
    found = run_status(output)
    assert found.record.status == "complete"
    assert (found.shards, found.asked, found.written, found.rejected) == (9, 72, 72, 0)
    assert (found.rate, found.seconds_left, found.holder) == (None, None, None)


def test_the_command_says_it_in_lines(
    output: StoragePath, capsys: pytest.CaptureFixture[str]
) -> None:
    spent = {"read_seconds": 0.5, "drift_seconds": 1.0, "write_seconds": 0.5, "worker": "node-1:7"}
    for shard in range(6):
        tell(output, shard, started=1e9 + 2 * shard, **spent)
    tell(output, 4, drift_seconds=3.0)
    for shard in (6, 7, 8):
        shard_place(output, shard, "json").delete()
    assert run(["status", output.path]) == 0
    assert (
        capsys.readouterr().out
        == f"""{output}
  run       {require_record(output).short_id}
  status    interrupted; the same command goes on
  at work   nobody
  shards    6 of 9
  images    48 of 72 (66 %)
  written   48
  rejected  0
  speed     4.0 images/s, pauses left out
  left      0:00:06 at that speed
  time      read 21 %, drift 57 %, write 21 %
  slowest   shard 4, 4.0 s on node-1:7; half of them take 2.0 s at most
"""
    )


def test_a_run_is_running_while_somebody_is_at_work_and_interrupted_if_not(
    output: StoragePath, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> str:
        assert run(["status", output.path]) == 0
        return capsys.readouterr().out.splitlines()[2].split(maxsplit=1)[1]

    with OutputLock(output):
        lock = json.loads((output / layout.LOCK).read_bytes())
        assert told() == "running"
    assert told() == "interrupted; the same command goes on"
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    (output / layout.LOCK).write_bytes(json.dumps(lock | {"pid": gone.pid}).encode())
    assert told() == "interrupted; the same command goes on"
    record = require_record(output)
    accept(output, record, rows_to_merge(output, record))
    assert told() == "sharded; raydrift finalize merges the shards"
    finalize(output)
    assert told() == "complete"


def test_before_the_first_shard_no_time_was_spent(
    output: StoragePath, capsys: pytest.CaptureFixture[str]
) -> None:
    for shard in range(9):
        shard_place(output, shard, "json").delete()
    found = run_status(output)
    assert (found.slowest, found.median_seconds) == (None, None)
    assert run(["status", output.path]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  rejected  0"


def test_where_the_time_went_is_known_after_the_shards_are_gone(output: StoragePath) -> None:
    before = run_status(output)
    finalize(output)
    after = run_status(output)
    assert (output / layout.SHARDS).names() == {}
    assert after.stage_seconds == before.stage_seconds
    assert after.slowest == before.slowest is not None
    assert after.median_seconds == before.median_seconds


def test_whose_lock_it_is(output: StoragePath) -> None:
    with OutputLock(output):
        holder = find_holder(output)
        assert holder is not None
        assert (holder.dead, str(holder)) == (False, f"{holder.host}:{holder.pid}")
    assert find_holder(output) is None


def test_a_run_that_starts_has_a_lock_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = StoragePath.of(tmp_path)
    with OutputLock(place):
        assert run(["status", str(tmp_path)]) == 0
        lock = (tmp_path / layout.LOCK).read_text()
    assert (
        capsys.readouterr().out
        == f"""{tmp_path}
  run      none yet
  status   starting: it may wait for workers; no shard was begun
  at work  {socket.gethostname()}:{os.getpid()}
"""
    )
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    (tmp_path / layout.LOCK).write_text(json.dumps(json.loads(lock) | {"pid": gone.pid}))
    assert run(["status", str(tmp_path)]) == 0
    _, _, status, working = capsys.readouterr().out.splitlines()
    assert status == "  status   interrupted; no shard was begun"
    assert working.startswith("  at work  nobody; ")


@pytest.mark.parametrize(
    ("machine", "age", "said"),
    [
        (None, 0, "nobody; {}, which is dead, left its lock behind"),
        ("elsewhere", 0, "{}"),
        ("elsewhere", 90, "{}, which was last heard of 90 s ago"),
    ],
)
def test_a_lock_whose_owner_was_killed(
    output: StoragePath, machine: str | None, age: float, said: str
) -> None:
    file = Path((output / layout.LOCK).path)
    with OutputLock(output):
        content = json.loads(file.read_text())
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    content |= {"pid": gone.pid, "machine": machine or content["machine"]}
    file.write_text(json.dumps(content))
    then = time.time() - age
    os.utime(file, (then, then))
    assert str(find_holder(output)) == said.format(f"{content['host']}:{gone.pid}")

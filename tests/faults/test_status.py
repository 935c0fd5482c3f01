"""How far a run is, asked while it is at work, after it was killed, and when it is done."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from raydrift.storage import layout
from tests.faults.runs import BIN, Gate, Run


def status(output: Path) -> dict[str, str]:
    """What ``raydrift status`` says, in a process of its own."""
    command = [str(BIN / "raydrift"), "status", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, *lines = done.stdout.splitlines()
    assert first == str(output)
    return dict(re.split(r"  +", line.strip(), maxsplit=1) for line in lines)


@pytest.mark.slow
def test_the_status_of_a_run_from_its_midst_to_its_end(album: Path, tmp_path: Path) -> None:
    """Seven shards of twelve images are done when it is asked, and one image of them is none."""
    output, gate = tmp_path / "out", Gate(album, shard=7)
    with Run(album, output, "--workers=1") as run:
        gate.reader(run)
        found = status(output)
        speed, left = found.pop("speed"), found.pop("left")
        assert re.fullmatch(r"[\d.,]+ images/s, pauses left out", speed)
        assert re.fullmatch(r"\d+:\d\d:\d\d at that speed", left)
        assert re.fullmatch(r"[0-9a-f]{12}", found.pop("run"))
        assert re.fullmatch(r"(\w+ \d+ %(, )?){1,3}", found.pop("time"))
        slowest = found.pop("slowest")
        assert re.fullmatch(
            r"shard [0-6], [\d.]+ s on \S+:\d+; half of them take [\d.]+ s at most", slowest
        )
        host = found["at work"].removesuffix(f":{run.main.pid}")
        assert found == {
            "status": "running",
            "at work": f"{host}:{run.main.pid}",
            "shards": "7 of 24",
            "images": "84 of 288 (29 %)",
            "written": "83",
            "rejected": "1",
        }
        os.kill(run.main.pid, signal.SIGKILL)
        run.wait()
        killed = f"nobody; {host}:{run.main.pid}, which is dead, left its lock behind"
        found = status(output)
        assert (found["status"], found["at work"]) == (
            "interrupted; the same command goes on",
            killed,
        )
        gate.open()
    with Run(album, output, "--workers=1") as run:
        assert run.wait() == 0, run.log.read_text()
    assert not (output / layout.SHARDS).exists()
    found = status(output)
    assert {"run", "time", "slowest"} < found.keys()
    for name in ("run", "time", "slowest"):
        del found[name]
    assert found == {
        "status": "complete",
        "at work": "nobody",
        "shards": "24 of 24",
        "images": "288 of 288 (100 %)",
        "written": "283",
        "rejected": "5",
    }

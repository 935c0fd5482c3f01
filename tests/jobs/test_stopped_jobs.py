"""A job that is told to stop (``ray job stop`` sends SIGTERM): it says so, and how it ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("job", "options", "said"),
    [
        (
            "generate",
            ["photos", "out", "--config"],
            "terminated: what is finished is kept, the same command goes on",
        ),
        (
            "finalize",
            ["out", "--config"],
            "terminated: the shards are kept, the same command goes on",
        ),
        (
            "views",
            ["photos", "out", "--config"],
            "terminated: what is finished is kept, the same command goes on",
        ),
        ("calibrate", ["photos", "--config"], "terminated"),
        ("bench", ["--embed-only", "--weights"], "terminated"),
    ],
)
def test_a_job_that_is_told_to_stop_ends_as_the_command_does(
    tmp_path: Path, job: str, options: list[str], said: str
) -> None:
    """A pipe in the place of a file holds it up until it is told."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (
        subprocess.Popen(
            [sys.executable, f"jobs/{job}.py", *options, str(pipe)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        pipe.open("w"),
    ):  # which waits until the job has opened it
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, "raydrift: failed with status 143\n")
    assert err == f"raydrift: {said}\n"

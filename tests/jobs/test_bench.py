"""The benchmark's job: the command, and a last line that says how it went."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def job(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "jobs/bench.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_job_prints_figures_and_that_it_succeeded(scenes: Path) -> None:
    done = job(scenes, "--kernels", "--repeat", "1", "--json")
    figures, last = done.stdout.splitlines()
    assert json.loads(figures)["what"] == "kernels"
    assert (done.returncode, last) == (0, "raydrift: succeeded")


def test_the_jobs_exit_status_is_the_commands() -> None:
    done = job("--scheduling", "many")
    assert (done.returncode, done.stdout) == (2, "raydrift: failed with status 2\n")

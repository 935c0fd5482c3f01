"""Copies on a cluster that somebody else started: submitted as a job."""

import json
from pathlib import Path

import pytest

import raydrift
from raydrift.cli import run
from tests.jobs.heads import BIN, Head

FEW = ["--copies", "2", "--num-samples", "80", "--image-size", "32", "--rotate", "30"]


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_copies_are_the_same_as_a_job_and_here(head: Head, scenes: Path, tmp_path: Path) -> None:
    job, here = tmp_path / "job", tmp_path / "here"
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    few = ["--config", "jobs/flow.toml", *FEW]
    done = head.run(*submit, "--", "python", "jobs/flow.py", scenes, job, *few)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "raydrift: succeeded" in done.stdout
    assert json.loads((job / "run.json").read_text())["status"] == "complete"
    config = Path(__file__).parents[2] / "jobs" / "flow.toml"
    assert run(["flow", str(scenes), str(here), "--config", str(config), *FEW]) == 0
    for name in ("sampled_images.zip", "provenance.parquet"):
        assert (job / name).read_bytes() == (here / name).read_bytes()
    assert raydrift.open(here).provenance["epoch"].to_pylist() == [0] * 72 + [1] * 8

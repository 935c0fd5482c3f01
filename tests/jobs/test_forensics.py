"""A search for cameras on a cluster that somebody else started, submitted as a job."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.jobs.heads import BIN, Head
from tests.tasks.models import SmallNet, save_program

FEW = ["--parts", "isp_gamma", "--levels", "0.5", "--num-samples", "12", "--image-size", "32"]
FEW += ["--steps", "2", "--restarts", "1"]


@pytest.mark.slow
def test_a_search_is_the_same_as_a_job_and_through_ray_client(
    head: Head, scenes: Path, tmp_path: Path
) -> None:
    model = save_program(SmallNet(), tmp_path / "m.pt2", size=32)
    job, client = tmp_path / "job", tmp_path / "client"
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    few = ["--config", "jobs/forensics.toml", "--task", model, *FEW]
    done = head.run(*submit, "--", "python", "jobs/forensics.py", scenes, job, *few)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 searches (100 %)" in done.stdout
    command = [BIN / "raydrift", "forensics", scenes, client, *few, "--address", head.client]
    done = head.run(*command)
    assert done.returncode == 0, done.stderr
    found = [pq.read_table(one / "forensics.parquet") for one in (job, client)]
    assert found[0].equals(found[1])

"""A matrix on a cluster that somebody else started: submitted as a job, and through ray://."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.jobs.heads import BIN, Head

FEW = ["--views", "bi,s,me", "--views", "me,u,ga", "--num-samples", "48", "--image-size", "32"]
FEW += ["--weights", "random", "--splits", "2"]


@pytest.mark.slow
def test_a_matrix_is_the_same_as_a_job_and_through_ray_client(
    head: Head, scenes: Path, tmp_path: Path
) -> None:
    job, client = tmp_path / "job", tmp_path / "client"
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    few = ["--config", "jobs/matrix.toml", *FEW]
    done = head.run(*submit, "--", "python", "jobs/matrix.py", scenes, job, *few)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 probes (100 %)" in done.stdout
    assert "raydrift: succeeded" in done.stdout
    command = [BIN / "raydrift", "matrix", scenes, client, *few, "--address", head.client]
    done = head.run(*command)
    assert done.returncode == 0, done.stderr
    for name in ("matrix.parquet", "view_divergence.parquet"):
        assert pq.read_table(client / name).equals(pq.read_table(job / name))

"""Views on a cluster that somebody else started: submitted as a job, and through ray://."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.jobs.heads import BIN, Head

FEW = ["--views", "bi,s,me", "--views", "me,u,ga", "--num-samples", "8", "--image-size", "64"]


def digests(output: Path) -> dict[str, str]:
    return {
        str(path.relative_to(output)): sha256(path.read_bytes()).hexdigest()
        for path in output.rglob("*.*")
        if path.name != "run.json"
    }


@pytest.mark.slow
def test_views_are_the_same_as_a_job_and_through_ray_client(
    head: Head, scenes: Path, tmp_path: Path
) -> None:
    job, client = tmp_path / "job", tmp_path / "client"
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    few = ["--config", "jobs/views.toml", *FEW]
    done = head.run(*submit, "--", "python", "jobs/views.py", scenes, job, *few)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 of 8 images (100 %)" in done.stdout
    assert "raydrift: succeeded" in done.stdout
    record = json.loads((job / "run.json").read_text())
    assert record["status"] == "complete"
    told = head.told(record["fingerprint"][:12])
    assert told["images_written_total"] == record["counts"]["written"] == 8
    assert told["png_bytes_total"] == record["counts"]["image_bytes"]
    command = [BIN / "raydrift", "views", scenes, client, *few, "--address", head.client]
    done = head.run(*command)
    assert done.returncode == 0, done.stderr
    assert digests(client) == digests(job)
    assert len(digests(job)) == 2 * 5 + 2

"""The same run on a cluster that somebody else started: submitted as a job, and through ray://.

The cluster says that it has a GPU, so images are embedded by an actor that takes one; where torch
sees none, that actor uses its CPU.
"""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import pyarrow.parquet as pq
import pytest

from tests.jobs.heads import BIN, DRIFT, Head


def zip_digest(output: Path) -> str:
    return sha256((output / "sampled_images.zip").read_bytes()).hexdigest()


def test_a_submitted_job_writes_a_whole_output(
    submitted: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    output, done = submitted
    assert done.returncode == 0, done.stdout + done.stderr
    assert "raydrift: succeeded" in done.stdout
    assert "24 of 24 images (100 %)" in done.stdout
    record = json.loads((output / "run.json").read_text())
    assert record["status"] == "complete"
    zipped = (output / "sampled_images.zip").read_bytes()
    assert record["files"]["sampled_images.zip"]["crc32"] == f"{crc32(zipped):08x}"
    assert record["plan"] == {  # they may become one a shard
        "workers": {"processes": 2, "cpus": 1, "gpus": 0, "most": 2},
        "embedders": {"processes": 1, "cpus": 0, "gpus": 1, "most": 2},
    }
    assert pq.read_table(output / "embeddings.parquet").num_rows == 24


@pytest.mark.slow
def test_through_ray_client_the_bytes_are_the_same(
    submitted: tuple[Path, subprocess.CompletedProcess[str]],
    head: Head,
    scenes: Path,
    tmp_path: Path,
) -> None:
    config = ["--config", "jobs/generate.toml"]
    command = [BIN / "raydrift", "generate", scenes, tmp_path, *config, *DRIFT]
    done = head.run(*command, "--address", head.client)
    assert done.returncode == 0, done.stderr
    assert zip_digest(tmp_path) == zip_digest(submitted[0])
    run = json.loads((tmp_path / "run.json").read_text())["fingerprint"][:12]
    told = head.told(run)  # by an actor, as this process has no node
    assert (told["images_written_total"], told["merged_images_total"]) == (24, 24)


@pytest.mark.slow
def test_an_evaluation_is_the_same_as_a_job_and_through_ray_client(
    head: Head, scenes: Path, tmp_path: Path
) -> None:
    few = ["--config", "jobs/evaluate.toml", "--levels", "0.5", "--batches", "2"]
    few += ["--batch-size", "6", "--weights", "random"]
    job, client = tmp_path / "job", tmp_path / "client"
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    done = head.run(*submit, "--", "python", "jobs/evaluate.py", scenes, job, *few)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "raydrift: succeeded" in done.stdout
    command = [BIN / "raydrift", "evaluate", scenes, client, *few, "--address", head.client]
    done = head.run(*command)
    assert done.returncode == 0, done.stderr
    tables = [pq.read_table(output / "metrics.parquet") for output in (job, client)]
    assert tables[0].num_rows == 2 * 13
    assert tables[0].equals(tables[1])

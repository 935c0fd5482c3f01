"""The same run on a cluster that somebody else started: submitted as a job, and through ray://.

The cluster says that it has a GPU, so images are embedded by an actor that takes one; where torch
sees none, that actor uses its CPU.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from zlib import crc32

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DRIFT = ["-t", "rotate:0.4", "-t", "gaussian_noise:0.2", "--num-samples", "24"]


@dataclass
class Head:
    """A Ray head node in processes of its own."""

    client: str
    dashboard: str
    environment: dict[str, str]

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "RAY_AUTH_MODE": "disabled",
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    }
    environment.pop("RAY_ADDRESS", None)
    port, client, dashboard, agent = (free_port() for _ in range(4))
    options = f"--port={port} --ray-client-server-port={client} --dashboard-port={dashboard}"
    options += f" --dashboard-agent-listen-port={agent}"
    resources = "--num-cpus=2 --num-gpus=1"
    workers = "--min-worker-port=0 --max-worker-port=0"
    process = subprocess.Popen(
        f"ray start --head --block {resources} --disable-usage-stats {options} {workers}".split(),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{dashboard}/api/version")
        wait_for(f"http://127.0.0.1:{agent}/api/local_raylet_healthz")
        yield Head(f"ray://127.0.0.1:{client}", f"http://127.0.0.1:{dashboard}", environment)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urlopen(url, timeout=2).close()
            return
        except (URLError, OSError):
            assert time.monotonic() < deadline, "the head node did not start"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def submitted(
    head: Head, scenes: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The README's command, with paths and a drift of our own after it."""
    output = tmp_path_factory.mktemp("submitted") / "out"
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    job = ["python", "jobs/generate.py", "--config", "jobs/generate.toml"]
    embed = ["--embeddings", "--weights", "random"]
    return output, head.run(*submit, "--", *job, scenes, output, *DRIFT, *embed)


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
    assert record["plan"] == {"workers": 2, "embedders": 1, "on_gpu": True}
    assert pq.read_table(output / "embeddings.parquet").num_rows == 24


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

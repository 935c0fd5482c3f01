"""A Ray head node in processes of its own, and what is asked of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.faults.runs import PROGRESS, until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DRIFT = ["-t", "rotate:0.4", "-t", "gaussian_noise:0.2", "--num-samples", "24"]


@dataclass
class Head:
    """A Ray head node in processes of its own; where it asks for a token, this is it."""

    client: str
    dashboard: str
    metrics: str
    environment: dict[str, str]
    token: str = ""

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

    def job(self, verb: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """``ray job submit | status | stop | logs``."""
        return self.run(BIN / "ray", "job", verb, "--address", self.dashboard, *arguments)

    def send(self, name: str, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Submits a job under an id, and does not wait for it."""
        options = ["--no-wait", "--submission-id", name, "--working-dir", "."]
        return self.job("submit", *options, "--", "python", *command)

    def status(self, name: str) -> str:
        """``PENDING``, ``RUNNING``, ``SUCCEEDED``, ``FAILED`` or ``STOPPED``."""
        return str(self.answer(f"jobs/{name}")["status"])

    def end(self, name: str) -> str:
        """Waits until a job has ended; its status."""
        ended = ("SUCCEEDED", "FAILED", "STOPPED")
        return until(lambda: (now := self.status(name)) in ended and now, f"the end of {name}")

    def scrape(self) -> Iterator[Sample]:
        """What Prometheus would be told now."""
        with urlopen(self.metrics, timeout=10) as answer:
            text = answer.read().decode()
        for family in text_string_to_metric_families(text):
            yield from family.samples

    def told(self, run: str) -> dict[str, float]:
        """Our own values of a run by name, and stage where there is one; of all its sessions."""
        found: dict[str, float] = defaultdict(float)
        for name, labels, value, *_ in self.scrape():
            if labels.get("run") == run and "le" not in labels:
                stage = f" {labels['stage']}" if "stage" in labels else ""
                found[name.removeprefix("ray_raydrift_") + stage] += value
        return dict(found)

    def said(self, name: str) -> list[str]:
        """The log of a job, but for progress and for what Ray says before it begins."""
        lines = str(self.answer(f"jobs/{name}/logs")["logs"]).splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("Running entrypoint"))
        return [line for line in lines[begin + 1 :] if not PROGRESS.match(line)]

    def answer(self, path: str) -> Any:
        """What the dashboard answers at a path of its API."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with urlopen(
            Request(f"{self.dashboard}/api/{path}", headers=headers), timeout=10
        ) as answer:
            return json.load(answer)


@contextmanager
def running_head() -> Iterator[Head]:
    """A head node with two CPUs and what it takes for a GPU."""
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "RAY_AUTH_MODE": "disabled",
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_JOB_STOP_WAIT_TIME_S": "60",  # not 3, after which a busy machine's job is killed
    }
    environment.pop("RAY_ADDRESS", None)
    port, client, dashboard, agent, metrics = (free_port() for _ in range(5))
    options = f"--port={port} --ray-client-server-port={client} --dashboard-port={dashboard}"
    options += f" --dashboard-agent-listen-port={agent} --metrics-export-port={metrics}"
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
        _wait_for(f"http://127.0.0.1:{dashboard}/api/version")
        _wait_for(f"http://127.0.0.1:{agent}/api/local_raylet_healthz")
        local = "http://127.0.0.1"
        yield Head(
            f"ray://127.0.0.1:{client}", f"{local}:{dashboard}", f"{local}:{metrics}", environment
        )
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urlopen(url, timeout=2).close()
            return
        except (URLError, OSError):
            assert time.monotonic() < deadline, "the head node did not start"
            time.sleep(0.2)

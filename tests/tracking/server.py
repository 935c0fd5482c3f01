"""A real MLflow server on this machine, and what is in a tracking store."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import requests

from raydrift.tracking.mlflow_quiet import quiet_client

_SECONDS = 120


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """The URI of a server whose runs are in SQLite and whose artifacts are files of the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    silent = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_AGENT_PLUGIN": "true",
    }
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/runs.db"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | silent,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(f"http://127.0.0.1:{port}", server, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, 9)  # its worker too
        server.wait()


def _wait(uri: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while True:
        try:
            with urlopen(f"{uri}/health", timeout=5) as answer:
                assert answer.read() == b"OK"
            return
        except (URLError, OSError):
            said = log.read_text(errors="replace")
            assert server.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.1)


@dataclass(frozen=True)
class Kept:
    """What a store keeps of a run.

    Attributes:
        name: Its name.
        status: As MLflow writes it.
        params: Text by name.
        tags: Text by name.
        metrics: By name and step.
        artifacts: Bytes by path.
        seconds: How long it says that it took.
    """

    name: str
    status: str
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[tuple[str, int], float]
    artifacts: dict[str, bytes]
    seconds: float


class Rest:
    """Read by MLflow's REST API, without its client."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def runs(self, experiment: str) -> list[Kept]:
        found = self._get("experiments/get-by-name", experiment_name=experiment)
        asked = {"experiment_ids": [found["experiment"]["experiment_id"]]}
        answer = requests.post(f"{self._uri}/api/2.0/mlflow/runs/search", json=asked, timeout=30)
        answer.raise_for_status()
        return [self._kept(run) for run in answer.json().get("runs", [])]

    def _kept(self, run: dict[str, Any]) -> Kept:
        info, data = run["info"], run["data"]
        metrics = {}
        for one in data.get("metrics", []):
            history = self._get(
                "metrics/get-history", run_id=info["run_id"], metric_key=one["key"]
            )["metrics"]
            for point in history:
                key = (point["key"], int(point.get("step", 0)))
                assert key not in metrics
                metrics[key] = point["value"]
        return Kept(
            info["run_name"],
            info["status"],
            {one["key"]: one["value"] for one in data.get("params", [])},
            {one["key"]: one["value"] for one in data["tags"]},
            metrics,
            dict(self._files(info["run_id"], None)),
            (int(info["end_time"]) - int(info["start_time"])) / 1000,
        )

    def _files(self, run_id: str, folder: str | None) -> Iterator[tuple[str, bytes]]:
        below = {} if folder is None else {"path": folder}
        for file in self._get("artifacts/list", run_id=run_id, **below).get("files", []):
            path = file["path"]
            if file["is_dir"]:
                yield from self._files(run_id, path)
            else:
                asked = {"run_id": run_id, "path": path}
                answer = requests.get(f"{self._uri}/get-artifact", params=asked, timeout=30)
                answer.raise_for_status()
                yield path, answer.content

    def _get(self, what: str, **asked: str) -> dict[str, Any]:
        place = f"{self._uri}/api/2.0/mlflow/{what}"
        answer = requests.get(place, params=asked, timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


class Client:
    """Read by MLflow's client."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def runs(self, experiment: str) -> list[Kept]:
        with quiet_client(self._uri, {}) as client:
            number = client.get_experiment_by_name(experiment).experiment_id
            return [_kept(client, run) for run in client.search_runs([number])]


def _kept(client: Any, run: Any) -> Kept:
    metrics = {}
    for name in run.data.metrics:
        for one in client.get_metric_history(run.info.run_id, name):
            assert (name, one.step) not in metrics
            metrics[name, one.step] = one.value
    root = Path(run.info.artifact_uri)
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    return Kept(
        run.info.run_name,
        run.info.status,
        run.data.params,
        run.data.tags,
        metrics,
        files,
        (run.info.end_time - run.info.start_time) / 1000,
    )

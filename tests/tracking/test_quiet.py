"""MLflow says nothing by itself, and tells nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from raydrift.paths import StoragePath
from tests.tracking.conftest import Store
from tests.tracking.outputs import adjusted
from tests.tracking.server import mlflow_server

CODE = """
import os, socket, sys
asked, connect, find = [], socket.socket.connect, socket.getaddrinfo

def seen(self, address):
    if self.family != socket.AF_UNIX:
        asked.append(address[0])
    return connect(self, address)

def named(host, *others, **more):
    asked.append(host)
    return find(host, *others, **more)

socket.socket.connect, socket.getaddrinfo = seen, named
from raydrift.paths import StoragePath
from raydrift.settings import MlflowSettings
from raydrift.storage.evaluated import AdjustRecord
from raydrift.tracking.mlflow_run import check_server, track
assert "mlflow" not in sys.modules
settings = MlflowSettings(sys.argv[1], 'quiet')
check_server(settings)
assert track(settings, StoragePath.of(sys.argv[2]), AdjustRecord).is_new
import mlflow.telemetry, mlflow.telemetry.utils
assert not mlflow.telemetry.utils._IS_IN_CI_ENV_OR_TESTING  # which would turn it off too
assert mlflow.telemetry.get_telemetry_client() is None
assert not [name for name in os.environ if name.startswith('MLFLOW')]
with open(sys.argv[3], "w") as file:
    file.write(" ".join(sorted({str(one) for one in asked})))
"""
OF_CI = ("CI", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS", "JENKINS_URL", "BUILDKITE", "TF_BUILD")


def connections(uri: str, folder: Path) -> set[str]:
    """To whom a process that tracks talks; it prints nothing."""
    one = adjusted(StoragePath.of(folder / "found"))
    dropped = (*OF_CI, "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")
    env = {name: value for name, value in os.environ.items() if name not in dropped}
    done = subprocess.run(
        [sys.executable, "-c", CODE, uri, one.output.path, str(folder / "asked")],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return set((folder / "asked").read_text().split())


def test_nobody_is_told_of_what_goes_to_a_database(database: Store, tmp_path: Path) -> None:
    assert connections(database.uri, tmp_path) == set()


@pytest.mark.slow
def test_nobody_is_told_but_the_server(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as uri:
        assert connections(uri, tmp_path) == {"127.0.0.1"}


def test_the_engine_loads_mlflow_only_to_track() -> None:
    code = (
        "import sys, raydrift.engine.adjust, raydrift.engine.evaluate, raydrift.engine.forensics\n"
        "import raydrift.engine.matrix\n"
        "from raydrift.engine.tracked import check_tracking, track_output\n"
        "check_tracking(None); track_output(None, None, None, True)\n"
        "assert 'mlflow' not in sys.modules and 'raydrift.tracking' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

"""What a local run starts and what it leaves alone, seen from a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from raydrift.engine.session import may_grow
from raydrift.settings import ClusterSettings

CODE = """
import json, os, signal
signal.signal(signal.SIGTERM, print)
import pyarrow
from raydrift.engine.session import connect
from raydrift.settings import ClusterSettings
connect(ClusterSettings())
import ray
@ray.remote
def pool():
    return pyarrow.default_memory_pool().backend_name
print(json.dumps({
    "alive": ray.nodes()[0]["Alive"],
    "dashboard": ray._private.worker.get_dashboard_url(),
    "authentication": os.environ["RAY_AUTH_MODE"],
    "workers' memory": ray.get(pool.remote()),
    "left behind": os.environ.get("ARROW_DEFAULT_MEMORY_POOL"),
    "own handler": signal.getsignal(signal.SIGTERM) is print,
}))
"""


@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize(
    ("address", "environment", "grows"),
    [
        (None, None, False),
        ("local", "10.0.0.1:6379", False),
        (None, "", False),
        (None, "10.0.0.1:6379", True),
        ("auto", None, True),
    ],
)
def test_what_was_started_on_this_machine_does_not_grow_a_cluster_may(
    address: str | None, environment: str | None, grows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if environment is not None:
        monkeypatch.setenv("RAY_ADDRESS", environment)
    assert may_grow(ClusterSettings(address)) is grows


def test_a_local_run_is_closed_lean_and_leaves_the_process_as_it_was() -> None:
    names = [name for name in os.environ if not name.startswith(("RAY_", "ARROW_"))]
    environment = {name: os.environ[name] for name in names}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "alive": True,
        "dashboard": "",
        "authentication": "token",
        "workers' memory": "system",
        "left behind": None,
        "own handler": True,
    }


IN_A_THREAD = """
import threading, time
from raydrift.engine.session import connect
from raydrift.errors import ResourcesError
from raydrift.settings import ClusterSettings
failed = []
def refused():
    try:
        connect(ClusterSettings("127.0.0.1:1"))
    except ResourcesError as error:
        failed.append(error)
def in_threads(do):
    threads = [threading.Thread(target=do) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
in_threads(refused)
in_threads(lambda: connect(ClusterSettings()))
time.sleep(2)
import ray
@ray.remote
def answer():
    return "alive"
print(len(failed), ray.get(answer.remote(), timeout=60))
"""


@pytest.mark.slow
def test_ray_outlives_the_threads_that_asked_for_it() -> None:
    """Two at once; what Ray cannot do is told to each of them."""
    environment = {name: os.environ[name] for name in os.environ if name != "RAY_ADDRESS"}
    done = subprocess.run(
        [sys.executable, "-c", IN_A_THREAD],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "2 alive"

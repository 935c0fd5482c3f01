"""What a local run opens to the network, seen from a process of its own."""

import json
import os
import subprocess
import sys

CODE = """
import json, os
from raydrift.engine.session import connect
from raydrift.settings import ClusterSettings
connect(ClusterSettings())
import ray
dashboard = ray._private.worker.get_dashboard_url()
print(json.dumps([ray.nodes()[0]["Alive"], dashboard, os.environ["RAY_AUTH_MODE"]]))
"""


def test_a_local_run_has_no_dashboard_and_asks_for_a_token() -> None:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True, "", "token"]

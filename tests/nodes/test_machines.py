"""What the machines of these tests are: apart, within reach, and gone with who made them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.runs import Processes, title, until
from tests.nodes.machines import Network, why_not

ROOT = Path(__file__).parents[2]
PORT = 8000

MAKER = """
import sys
from pathlib import Path
from tests.nodes.machines import Network

folder, *command = sys.argv[1:]
with Network(Path(folder)) as network:
    network.machine("one", lambda address: command, {})
    print(network.cable, flush=True)
    input()
"""

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


def test_a_machine_answers_while_its_cable_is_in(tmp_path: Path) -> None:
    def serve(address: str) -> list[str]:
        return [sys.executable, "-m", "http.server", "--bind", address, str(PORT)]

    with Network(tmp_path) as network:
        machine = network.machine("one", serve, {})
        until(lambda: answers(machine.address), "an answer", 30)
        network.cut(machine)
        assert not answers(machine.address)
        network.mend(machine)
        until(lambda: answers(machine.address), "an answer", 30)
    assert machine.alive() == []


def test_machines_are_gone_when_who_made_them_is_killed(tmp_path: Path) -> None:
    command = ["sleep", f"1000.{os.getpid()}"]
    log, environment = tmp_path / "maker.log", {"PYTHONPATH": str(ROOT)}
    maker = [sys.executable, "-c", MAKER, tmp_path, *command]
    with Processes(*maker, log=log, environment=environment) as made:
        assert made.main.stdout is not None
        cable = made.main.stdout.readline().strip()
        assert cable, log.read_text()
        until(lambda: running(command), "the machine's command", 30)
        assert cable in links()
        os.kill(made.main.pid, signal.SIGKILL)
        until(lambda: not running(command), "its end", 30)
        until(lambda: cable not in links(), "the end of its cable", 30)


def answers(address: str) -> bool:
    try:
        socket.create_connection((address, PORT), timeout=0.5).close()
    except OSError:
        return False
    return True


def running(command: list[str]) -> bool:
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return any(title(pid) == " ".join(command) for pid in pids)


def links() -> str:
    return subprocess.run(["ip", "link"], capture_output=True, text=True, check=True).stdout

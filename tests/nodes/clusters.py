"""A Ray cluster of several machines, as one sets it up by hand: `ray start` on each of them."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.error import HTTPError, URLError

from tests.faults.runs import BIN, until
from tests.jobs.heads import Head
from tests.nodes.machines import Machine, Network

RAY = ["ray", "start", "--block", "--disable-usage-stats", "--object-store-memory=100000000"]


@dataclass
class Cluster:
    """A head without CPUs, and the nodes that joined it; it asks everybody for its token."""

    network: Network
    machine: Machine
    head: Head

    @classmethod
    def start(cls, network: Network, folder: Path) -> Self:
        """Starts the head, and waits until it takes jobs."""
        environment = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "RAY_AUTH_MODE": "token",
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        }
        environment.pop("RAY_ADDRESS", None)
        made = [BIN / "ray", "get-auth-token", "--generate"]
        token = subprocess.run(made, env=environment, capture_output=True, text=True, check=True)

        def command(address: str) -> list[str]:
            places = [f"--node-ip-address={address}", f"--dashboard-host={address}"]
            return [*RAY, "--head", "--num-cpus=0", "--metrics-export-port=8080", *places]

        machine = network.machine("head", command, environment)
        head = Head(
            f"ray://{machine.address}:10001",
            f"http://{machine.address}:8265",
            f"http://{machine.address}:8080/metrics",
            environment,
            token.stdout.strip(),
        )
        cluster = cls(network, machine, head)
        until(lambda: cluster.alive(machine), "the head")
        return cluster

    def join(self) -> Machine:
        """Starts a machine that joins with one CPU; ``ready`` waits for it."""

        def command(address: str) -> list[str]:
            joined = f"--address={self.machine.address}:6379"
            return [*RAY, joined, "--num-cpus=1", f"--node-ip-address={address}"]

        name = f"node-{len(self.network.machines)}"
        return self.network.machine(name, command, self.head.environment)

    def ready(self, *nodes: Machine) -> None:
        """Waits until all of them are there."""
        until(lambda: all(map(self.alive, nodes)), "nodes to join")

    def leave(self, *nodes: Machine) -> None:
        """Has nodes say goodbye, so that nobody waits for them."""
        for node in nodes:
            node.signal(signal.SIGTERM)
        self.gone(*nodes)
        for node in nodes:
            node.__exit__()

    def gone(self, *nodes: Machine) -> None:
        """Waits until Ray has noticed that none of them is there any more."""
        until(lambda: not any(map(self.alive, nodes)), "nodes to be missed")

    def alive(self, node: Machine) -> bool:
        """Whether Ray says that a node is."""
        assert node.main.poll() is None or node is not self.machine, node.log.read_text()
        try:
            found = self.head.answer("v0/nodes")["data"]["result"]["result"]
        except (HTTPError, URLError, OSError):  # not yet
            return False
        return any(one["node_ip"] == node.address and one["state"] == "ALIVE" for one in found)

"""Machines on this machine: namespaces, each with a cable to one switch.

A machine has a network, a host name, processes, shared memory and a ``/tmp/ray`` of its own; the
disk is everybody's, as a file server's is. Nothing has a name that outlives it: a namespace goes
with its first process, a cable with either end, and the first process with this one.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Self

from tests.faults.runs import Processes, parent

# Whoever is killed takes what it started along; --kill-child does so for the other side of a fork.
ORPHANS_DIE = ["setpriv", "--pdeathsig", "KILL", "--"]
SWITCH = [*ORPHANS_DIE, "unshare", "--net", "--"]
MACHINE = [*ORPHANS_DIE, "unshare", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
MACHINE += ["--mount", "--mount-proc", "--"]

SWITCH_ON = "ip link add switch type bridge && ip link set switch up && echo on && read -r _"

# Waits for its cable. It stays the first process, and on when what it ran has ended.
POWER_ON = """
set -e
name=$1 address=$2 disk=$3
shift 3
hostname "$name"
mkdir -p "$disk" /tmp/ray
mount --bind "$disk" /tmp/ray
mount -t tmpfs tmpfs /dev/shm
echo on
read -r _
ip link set lo up
ip address add "$address/24" dev eth0
ip link set eth0 up
"$@" >&2 || echo "ended with $?" >&2
read -r _
"""


@cache
def why_not() -> str:
    """What this machine lacks for others on it; empty: nothing."""
    if sys.platform != "linux":
        return "namespaces are Linux's"
    missing = [name for name in ("ip", "unshare", "setpriv") if shutil.which(name) is None]
    if missing:
        return f"no {', '.join(missing)}: install iproute2 and util-linux"
    cable = ["ip", "link", "add", "cable", "type", "veth", "peer", "name", "end"]
    tried = subprocess.run([*MACHINE, *cable], capture_output=True, text=True, timeout=30)
    return tried.stderr.strip().partition("\n")[0]


class Machine(Processes):
    """A command as the one thing that a machine does."""

    def __init__(
        self,
        name: str,
        address: str,
        command: list[str],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.address = address
        boot = ["sh", "-c", POWER_ON, "boot", name, address, folder / name]
        log = folder / f"{name}.log"
        super().__init__(*MACHINE, *boot, *command, log=log, environment=environment)
        assert self.main.stdout is not None
        on = self.main.stdout.readline()
        assert on == "on\n", f"{name} did not start: {log.read_text()}"
        self._processes = _namespace(self.main.pid, "pid_for_children")

    def alive(self) -> list[int]:
        """The process ids of all that runs on it."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return [pid for pid in pids if _namespace(pid, "pid") == self._processes]

    def boot(self) -> None:
        """Starts its command; its cable is in."""
        assert self.main.stdin is not None
        self.main.stdin.write("go\n")
        self.main.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to all that runs on it; the machine itself stays on."""
        for pid in self.alive():
            if parent(pid) != self.main.pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


class Network:
    """A switch, and this machine and others on it; none outlives the block.

    Args:
        folder: For logs, and what machines have on their own disks.

    Attributes:
        machines: On it, in order.
        host: This machine's address there.
        cable: This machine's end of its cable.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.machines: list[Machine] = []
        self._subnet = _free_subnet()
        self._switch = Processes(*SWITCH, "sh", "-c", SWITCH_ON, log=folder / "switch.log")
        self.host = self._address(1)
        self.cable = f"raydrift{self._switch.main.pid}"

    def __enter__(self) -> Self:
        assert self._switch.main.stdout is not None
        on = self._switch.main.stdout.readline()
        assert on == "on\n", f"no switch: {self._switch.log.read_text()}"
        self._plug("host", self.cable, None)
        _run("ip", "address", "add", f"{self.host}/24", "dev", self.cable)
        _run("ip", "link", "set", self.cable, "up")
        return self

    def __exit__(self, *error: object) -> None:
        for machine in self.machines:
            machine.__exit__(*error)
        self._switch.__exit__(*error)

    def machine(
        self,
        name: str,
        command: Callable[[str], list[str]],
        environment: Mapping[str, str],
    ) -> Machine:
        """Starts a machine.

        Args:
            name: Its host name, which no other has had.
            command: What it runs, given its address.
            environment: Besides this process's own.
        """
        address = self._address(10 + len(self.machines))
        machine = Machine(name, address, command(address), self._folder, environment)
        self.machines.append(machine)
        self._plug(name, "eth0", machine.main.pid)
        machine.boot()
        return machine

    def cut(self, machine: Machine) -> None:
        """Pulls a machine's cable: nothing that is sent arrives, and nobody is told."""
        self._on_switch("ip", "link", "set", machine.name, "down")

    def mend(self, machine: Machine) -> None:
        """Puts the cable back."""
        self._on_switch("ip", "link", "set", machine.name, "up")

    def _plug(self, port: str, device: str, pid: int | None) -> None:
        here = [] if pid is None else ["netns", str(pid)]
        there = ["name", port, "netns", str(self._switch.main.pid)]
        _run("ip", "link", "add", device, *here, "type", "veth", "peer", *there)
        self._on_switch("ip", "link", "set", port, "master", "switch", "up")

    def _on_switch(self, *command: str) -> None:
        _run("nsenter", f"--net=/proc/{self._switch.main.pid}/ns/net", *command)

    def _address(self, number: int) -> str:
        return f"{self._subnet}.{number}"


def _free_subnet() -> str:
    """Three numbers of an address that this machine has no other way to."""
    for number in range(os.getpid(), os.getpid() + 256):
        subnet = f"10.213.{number % 256}"
        if not _run("ip", "-4", "route", "show", "root", f"{subnet}.0/24"):
            return subnet
    raise AssertionError("all of 10.213.0.0/16 is taken")


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def _namespace(pid: int, kind: str) -> str:
    with suppress(OSError):  # it has just ended
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    return ""

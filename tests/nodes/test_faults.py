"""Machines and drivers that are lost in the midst of a job: time is lost, nothing else."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from raydrift.storage import layout
from tests.faults.runs import Gate, committed, contents, until, without_embeddings
from tests.nodes.clusters import Cluster
from tests.nodes.machines import Machine

HICCUP_S = 10

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def kill(_: Cluster, node: Machine) -> None:
    """All of its processes; the machine says that nobody is there."""
    node.signal(signal.SIGKILL)


def cut(cluster: Cluster, node: Machine) -> None:
    """Nobody says anything: Ray gives up after five health checks of 3 s and their 10 s."""
    cluster.network.cut(node)


def terminate(_: Cluster, node: Machine) -> None:
    """All of its processes are asked to end, as on a spot machine that is taken back."""
    node.signal(signal.SIGTERM)


@pytest.mark.parametrize("lose", [kill, cut, terminate])
def test_a_node_that_is_lost_in_the_midst_of_a_shard_is_done_without(
    lose: Callable[[Cluster, Machine], None],
    cluster: Cluster,
    nodes: list[Machine],
    album: Path,
    config: Path,
    reference: dict[str, Any],
    tmp_path: Path,
) -> None:
    name, output = f"{lose.__name__}-a-node", tmp_path / "out"
    gate = Gate(album, shard=7)
    send(cluster, name, album, output, config)
    lost = reading(gate, nodes)
    lose(cluster, lost)
    gate.open()
    cluster.gone(lost)
    assert cluster.head.end(name) == "SUCCEEDED", cluster.head.said(name)
    assert contents(output) == without_embeddings(reference)


def test_a_network_that_is_gone_for_a_moment_costs_no_node(
    cluster: Cluster,
    nodes: list[Machine],
    album: Path,
    config: Path,
    reference: dict[str, Any],
    tmp_path: Path,
) -> None:
    gate, output = Gate(album, shard=7), tmp_path / "out"
    send(cluster, "hiccup", album, output, config)
    node = reading(gate, nodes)
    cluster.network.cut(node)
    gate.open()
    time.sleep(HICCUP_S)
    cluster.network.mend(node)
    assert cluster.head.end("hiccup") == "SUCCEEDED", cluster.head.said("hiccup")
    assert all(map(cluster.alive, nodes))
    assert contents(output) == without_embeddings(reference)


@pytest.mark.usefixtures("nodes")
def test_a_job_whose_driver_was_killed_is_finished_under_another_id(
    cluster: Cluster, album: Path, config: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """Its lock is known to be dead, and not waited for; all that both nodes made is kept."""
    output, head = tmp_path / "out", cluster.head
    gate = Gate(album, shard=12)
    command = send(cluster, "killed", album, output, config, "--keep-shards")
    gate.wait()
    until(lambda: len(committed(output)) > 12, "a later shard of the other node")
    (driver,) = cluster.machine.titled(f"python {' '.join(command)}")
    os.kill(driver, signal.SIGKILL)
    assert head.end("killed") == "FAILED"
    gate.open()
    kept = committed(output)
    assert (output / layout.LOCK).exists()

    send(cluster, "again", album, output, config, "--keep-shards")
    assert head.end("again") == "SUCCEEDED", head.said("again")
    assert head.said("again")[0].startswith("283 images, 5 rejected in ")
    assert kept.items() <= committed(output).items()
    found = contents(output)
    found.pop(layout.SHARDS)
    assert found == without_embeddings(reference)


def send(
    cluster: Cluster, name: str, album: Path, output: Path, config: Path, *options: str
) -> list[str]:
    """Has the cluster drift an album; what its driver was started with."""
    parts = ["jobs/generate.py", album / "album.csv", output, "--config", config, *options]
    command = list(map(str, parts))
    sent = cluster.head.send(name, *command)
    assert sent.returncode == 0, sent.stderr
    return command


def reading(gate: Gate, nodes: list[Machine]) -> Machine:
    """Waits until a node is in the midst of the gate's shard."""
    gate.wait()
    return until(
        lambda: next((node for node in nodes if any(gate.readers(node))), None), "who reads"
    )

"""Nodes that die in the midst of a job, and a driver that does: time is lost, nothing else."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from raydrift.storage import layout
from tests.faults.runs import SHARDS, Gate, committed, contents, until, without_embeddings
from tests.nodes.clusters import Cluster
from tests.nodes.machines import Machine

pytestmark = pytest.mark.slow


def kill(_: Cluster, node: Machine) -> None:
    node.signal(signal.SIGKILL)


def cut(cluster: Cluster, node: Machine) -> None:
    cluster.network.cut(node)


def terminate(_: Cluster, node: Machine) -> None:
    node.signal(signal.SIGTERM)


@pytest.mark.parametrize("end", [kill, cut, terminate])
def test_a_node_that_is_lost_costs_time_only(
    end: Callable[[Cluster, Machine], None],
    cluster: Cluster,
    nodes: list[Machine],
    album: Path,
    config: Path,
    reference: dict[str, Any],
    tmp_path: Path,
) -> None:
    """Of two, the one that is in the midst of a shard: killed, cut off or asked to shut down."""
    name, output = f"lost-{end.__name__}", tmp_path / "out"
    gate = Gate(album, shard=7)
    sent = cluster.head.send(name, "jobs/generate.py", album / "album.csv", output, "--config", config)
    assert sent.returncode == 0, sent.stderr
    gate.wait()
    lost = until(lambda: reading(gate, nodes), "who reads")
    t = time.time()
    end(cluster, lost)
    gate.open()
    cluster.gone(lost)
    print("NOTICED", end.__name__, time.time() - t)
    assert cluster.head.end(name) == "SUCCEEDED", cluster.head.said(name)
    print("ENDED", end.__name__, time.time() - t)
    print(cluster.head.said(name))
    assert contents(output) == without_embeddings(reference)


def reading(gate: Gate, nodes: list[Machine]) -> Machine | None:
    return next((node for node in nodes if any(gate.readers(node))), None)


def test_a_job_whose_driver_was_killed_goes_on_under_another_id(
    cluster: Cluster,
    nodes: list[Machine],
    album: Path,
    config: Path,
    reference: dict[str, Any],
    tmp_path: Path,
) -> None:
    output, head = tmp_path / "out", cluster.head
    command = ["jobs/generate.py", album / "album.csv", output, "--config", config, "--keep-shards"]
    gate = Gate(album, shard=12)
    assert head.send("driver-1", *command).returncode == 0
    gate.wait()
    until(lambda: len(committed(output)) > 12, "the other node")
    (driver,) = cluster.machine.titled(" ".join(["python", *map(str, command)]))
    os.kill(driver, signal.SIGKILL)
    t = time.time()
    assert head.end("driver-1") == "FAILED"
    print("FAILED", time.time() - t)
    gate.open()
    first = committed(output)
    print("KEPT", len(first))
    t = time.time()
    assert head.send("driver-2", *command).returncode == 0
    until(lambda: len(committed(output)) > len(first), "go on")
    print("FIRST NEW", time.time() - t)
    assert head.end("driver-2") == "SUCCEEDED"
    print("DONE", time.time() - t)
    print(head.said("driver-2"))
    assert first.items() <= committed(output).items()
    found = contents(output)
    found.pop(layout.SHARDS)
    assert found == without_embeddings(reference)

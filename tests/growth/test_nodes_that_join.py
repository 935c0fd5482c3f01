"""Nodes that join a run in its midst are put to work; the bytes are those of one worker."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import SHARDS, Gate, Run, contents, until, without_embeddings
from tests.growth.conftest import GrowingCluster

pytestmark = pytest.mark.slow


def workers(output: Path) -> dict[str, int]:
    """How many of the finished shards each worker made."""
    made: dict[str, int] = {}
    for entry in output.glob("_shards/part-*.json"):
        worker = json.loads(entry.read_bytes())["worker"]
        made[worker] = made.get(worker, 0) + 1
    return made


def process(worker: str) -> int:
    """Of HOST:PID."""
    return int(worker.rpartition(":")[2])


def plan(output: Path) -> dict[str, Any]:
    return dict(json.loads((output / "run.json").read_bytes())["plan"])


def test_a_run_waits_for_its_first_node_and_takes_what_joins_later(
    cluster: GrowingCluster, album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """The first worker is held up in the midst of shard 7: all after it are the others' work."""
    output, gate = tmp_path / "out", Gate(album, shard=7)
    with Run(album, output, "--address", cluster.address, cluster="max_workers = 3") as run:
        until(lambda: "waiting for 1 CPU" in run.log.read_text(), "the wait")
        cluster.add_node(num_cpus=1)
        first = gate.reader(cluster)
        cluster.add_node(num_cpus=4)
        until(lambda: len(run.committed()) >= SHARDS - 2, "the work of those that joined")
        made = workers(output)
        gate.open()
        assert run.wait() == 0, run.said()
        (waited,) = run.said()
    assert waited == ("waiting for 1 CPU on the cluster, which has 0 CPUs free: 600 s at most")
    assert first in {process(name) for name in made}
    assert len(made) == 3, "no more than cluster.max_workers"
    assert plan(output) == {"workers": {"processes": 1, "cpus": 1, "gpus": 0, "most": 3}}
    assert contents(output) == without_embeddings(reference)


def test_gpus_that_join_get_embedders(
    cluster: GrowingCluster, album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """The first embedder is held up: what is left is the other's work."""
    output, gate = tmp_path / "out", Gate(album, shard=3)
    cluster.add_node(num_cpus=1)
    options = ["--embeddings", "--address", cluster.address]
    with Run(album, output, *options, cluster="min_embedders = 1") as run:
        until(lambda: "waiting for 1 CPU and 1 GPU" in run.log.read_text(), "the wait")
        cluster.add_node(num_cpus=0, num_gpus=1)
        gate.wait()
        until(lambda: len(run.committed()) == 3, "what the embedder gets")
        (first,) = workers(output)
        os.kill(process(first), signal.SIGSTOP)
        gate.open()
        cluster.add_node(num_cpus=1, num_gpus=1)
        until(lambda: len(run.committed()) >= SHARDS - 2, "the work of the embedder that joined")
        os.kill(process(first), signal.SIGCONT)
        assert run.wait() == 0, run.said()
    assert contents(output) == reference
    assert {name: role["processes"] for name, role in plan(output).items()} == {
        "workers": 1,
        "embedders": 1,
    }
    assert plan(output)["embedders"]["gpus"] == 1

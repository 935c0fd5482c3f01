"""Nodes that are unlike: a head without CPUs, three nodes with one, one with a GPU and none.

The GPU is Ray's word alone: the network runs on that node's CPU.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from raydrift.storage import layout
from tests.faults.runs import SHARDS, Gate, Processes, Run, contents, parent, title, until
from tests.nodes.ledgers import workers

SCRIPT = Path(__file__).parents[1] / "faults" / "cluster.py"
DRIFTS, EMBEDS = (f"ray::MapWorker(MapBatches({stage}))" for stage in ("PixelStage", "EmbedStage"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_images_are_drifted_where_cpus_are_and_embedded_where_the_gpu_is(
    album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    gate, output = Gate(album, shard=12), tmp_path / "out"
    options = ["--embeddings", "--keep-shards", "--address"]
    with (
        tempfile.TemporaryDirectory(prefix="ray") as folder,  # short, for the names of sockets
        Processes(
            *(sys.executable, SCRIPT, "cpu", "cpu", "cpu", "gpu"),
            log=tmp_path / "cluster.log",
            environment={"RAY_TMPDIR": folder},
        ) as cluster,
    ):
        assert cluster.main.stdout is not None
        address = cluster.main.stdout.readline().strip()
        with Run(album, output, *options, address, cluster="workers = 3") as run:
            reader = gate.reader(cluster)
            until(lambda: len(at_work(cluster, DRIFTS)) == 3, "three workers")
            drifters, embedders = at_work(cluster, DRIFTS), at_work(cluster, EMBEDS)
            assert list(gate.readers(run)) == []
            gate.open()
            assert run.wait(300) == 0, run.said()
            assert run.said() == []
    assert sorted(drifters.values()) == [(node, "CPU") for node in sorted(nodes_of(drifters))]
    assert reader in drifters
    ((embedder, (_, kind)),) = embedders.items()
    assert kind == "GPU"
    made_by = workers(output)
    assert len(made_by) == SHARDS
    assert {int(worker.split(":")[1]) for worker in made_by} == {embedder}
    found = contents(output)
    found.pop(layout.SHARDS)
    assert found == reference


def at_work(cluster: Processes, name: str) -> dict[int, tuple[int, str]]:
    """The actors of a name: process id, that of the node's raylet, and what that node has."""
    found = {}
    for pid in cluster.alive():
        if title(pid).startswith(name):
            has = re.findall(r"\b(CPU|GPU),1\b", title(parent(pid)))
            found[pid] = (parent(pid), " and ".join(has))
    return found


def nodes_of(actors: dict[int, tuple[int, str]]) -> set[int]:
    return {node for node, _ in actors.values()}

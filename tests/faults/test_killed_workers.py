"""Workers and nodes that are killed in the midst of a shard: the run goes on by itself."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import Gate, Processes, Run, contents, parent, until, without_embeddings

PIXEL_WORKER = "ray::MapWorker(MapBatches(PixelStage)).submit"
EMBEDDER = "ray::MapWorker(MapBatches(EmbedStage)).submit"


@pytest.mark.slow
def test_a_worker_that_drifts_and_one_that_embeds_are_killed(
    album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """Each is in the midst of a shard: the one reads an image, the other's title says it."""
    gate = Gate(album, shard=7)
    cluster = "workers = 1, embedders = 1"
    with Run(album, tmp_path / "out", "--embeddings", cluster=cluster) as run:
        reader = gate.reader(run)
        assert run.titled(PIXEL_WORKER) == [reader]
        os.kill(reader, signal.SIGKILL)
        gate.open()
        until(lambda: len(run.committed()) >= 8, "the shard of the killed worker")
        embedder = until(lambda: stopped(run, EMBEDDER), "an embedder at work")
        os.kill(embedder, signal.SIGKILL)
        assert run.wait() == 0, run.said()
        assert run.said() == []
    assert contents(tmp_path / "out") == reference


def stopped(run: Run, title: str) -> int:
    """Stops a process that bears a title, unless it was quicker."""
    for pid in run.titled(title):
        os.kill(pid, signal.SIGSTOP)
        if run.titled(title) == [pid]:
            return pid
        os.kill(pid, signal.SIGCONT)
    return 0


@pytest.mark.slow
def test_a_node_of_a_cluster_is_killed(
    album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """Of two nodes with a CPU and a worker each, the one whose worker is reading an image."""
    gate = Gate(album, shard=7)
    script = Path(__file__).with_name("cluster.py")
    with (
        tempfile.TemporaryDirectory(prefix="ray") as folder,  # short, for the names of sockets
        Processes(
            sys.executable,
            script,
            log=tmp_path / "cluster.log",
            environment={"RAY_TMPDIR": folder},
        ) as cluster,
    ):
        assert cluster.main.stdout is not None
        address = cluster.main.stdout.readline().strip()
        with Run(album, tmp_path / "out", "--workers=2", "--address", address) as run:
            raylet = parent(gate.reader(cluster))
            os.kill(raylet, signal.SIGKILL)
            until(lambda: raylet not in cluster.alive(), "the end of the node")
            gate.open()
            assert run.wait() == 0, run.said()
            assert run.said() == []
    assert contents(tmp_path / "out") == without_embeddings(reference)

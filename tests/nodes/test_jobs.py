"""Jobs on several machines, sent off from one that is none of the cluster's."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from raydrift.storage import layout
from tests.faults.runs import (
    SHARDS,
    Gate,
    committed,
    contents,
    title,
    until,
    without_embeddings,
)
from tests.nodes.clusters import Cluster
from tests.nodes.ledgers import hosts, workers
from tests.nodes.machines import Machine
from tests.s3 import servers
from tests.s3.servers import Server
from tests.s3.test_storage_path import options

DRIFTS = "ray::MapWorker(MapBatches(DriftStage))"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_who_has_no_token_is_refused(cluster: Cluster) -> None:
    head = cluster.head
    homeless = head.environment | {"HOME": "/nonexistent"}
    nobody = replace(head, environment=homeless, token="")
    with pytest.raises(HTTPError, match="401"):
        nobody.answer("v0/nodes")
    refused = nobody.send("nobody", "jobs/generate.py", "--help")
    assert refused.returncode == 1
    assert "token authentication is enabled" in refused.stderr


def test_two_nodes_and_a_merge_of_its_own_write_to_a_shared_folder(
    cluster: Cluster,
    nodes: list[Machine],
    album: Path,
    config: Path,
    reference: dict[str, Any],
    tmp_path: Path,
) -> None:
    """The second shard in a row waits until the other node has made some."""
    head, output = cluster.head, tmp_path / "out"
    gate = Gate(album, shard=1)
    apart = ["--no-finalize", "--config", config]
    sent = head.send("shared", "jobs/generate.py", album / "album.csv", output, *apart)
    assert sent.returncode == 0, sent.stderr
    gate.wait()
    until(lambda: len(committed(output)) > 2, "shards of the other node")
    gate.open()
    assert head.end("shared") == "SUCCEEDED", head.said("shared")
    assert hosts(output) == {node.name for node in nodes}
    assert len(workers(output)) == SHARDS
    assert not (output / layout.ZIP).exists()

    assert head.send("merge", "jobs/finalize.py", output).returncode == 0
    assert head.end("merge") == "SUCCEEDED", head.said("merge")
    assert contents(output) == without_embeddings(reference)


@pytest.fixture
def server(cluster: Cluster, tmp_path: Path) -> Iterator[Server]:
    """An S3 server that all machines reach."""
    with servers.moto(tmp_path, cluster.network.host) as server:
        yield server


def test_two_nodes_read_from_a_bucket_and_write_to_it(
    cluster: Cluster,
    nodes: list[Machine],
    server: Server,
    album: Path,
    config: Path,
    reference: dict[str, Any],
    tmp_path: Path,
) -> None:
    """The worker that is there first is held up until the other has made some shards."""
    head, bucket = cluster.head, server.new_bucket()
    server.put_folder(album, bucket, "in/")
    login = "\n".join(f'{name} = "{value}"' for name, value in options(server).items())
    config.write_text(f"{config.read_text()}[storage_options]\n{login}\n")
    places = [f"s3://{bucket}/in/album.csv", f"s3://{bucket}/out"]
    sent = head.send("bucket", "jobs/generate.py", *places, "--config", config, "--keep-shards")
    assert sent.returncode == 0, sent.stderr

    first = until(lambda: next(iter(drifting(nodes)), 0), "a worker")
    os.kill(first, signal.SIGSTOP)
    shards = f"out/{layout.SHARDS}/part-"
    before = len(server.keys(bucket, shards))
    until(lambda: len(server.keys(bucket, shards)) > before + 4, "shards of the other node")
    os.kill(first, signal.SIGCONT)
    assert head.end("bucket") == "SUCCEEDED", head.said("bucket")

    assert server.unfinished_uploads(bucket) == []
    output = server.get_folder(bucket, "out/", tmp_path / "out")
    assert hosts(output) == {node.name for node in nodes}
    found = contents(output)
    found.pop(layout.SHARDS)
    assert found == without_embeddings(reference)


def drifting(nodes: list[Machine]) -> list[int]:
    """The processes that drift images."""
    return [pid for node in nodes for pid in node.alive() if title(pid).startswith(DRIFTS)]

"""The merge by several nodes: each writes parts of the one zip."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.record import require_record
from tests.faults.runs import BIN, Processes
from tests.made_shards import make_shards

MERGE = """
import json, sys
from raydrift.engine.cluster_map import cluster_map, over_cluster
from raydrift.engine.session import connect
from raydrift.paths import StoragePath
from raydrift.settings import ClusterSettings
from raydrift.storage.finalize import finalize

def node(item):
    import ray, time
    time.sleep(0.2)
    return ray.get_runtime_context().get_node_id()

output, address = sys.argv[1:]
connect(ClusterSettings(address=address))
spread = cluster_map()
assert spread.func is over_cluster and spread.keywords == {"cpus": 2}
record = finalize(StoragePath.of(output), parallel_map=spread, part_bytes=20_000)
print(json.dumps([len(set(spread(node, range(8), 1))), record.files]), flush=True)
"""


def two_runs(scenes: Path, folder: Path) -> list[Path]:
    """The shards of the same run, twice."""
    outputs = [folder / "here", folder / "there"]
    for output in outputs:
        settings = {"input": str(scenes), "output": str(output), "transforms": ["rotate:0.3"]}
        image = {"image": {"height": 32, "width": 32}}
        make_shards(generate_settings(settings | image), size=8)
    return outputs


@contextmanager
def two_nodes(logs: Path) -> Iterator[str]:
    """A cluster of a head and two nodes with a CPU each; its address."""
    with tempfile.TemporaryDirectory(prefix="ray") as folder:  # short, for the names of sockets
        environment = {"RAY_TMPDIR": folder}
        script, log = Path(__file__).with_name("cluster.py"), logs / "cluster.log"
        with Processes(sys.executable, script, log=log, environment=environment) as cluster:
            assert cluster.main.stdout is not None
            yield cluster.main.stdout.readline().strip()


@pytest.mark.slow
def test_two_nodes_write_the_bytes_that_one_process_writes(scenes: Path, tmp_path: Path) -> None:
    outputs = two_runs(scenes, tmp_path)
    with two_nodes(tmp_path) as address:
        command = [sys.executable, "-c", MERGE, outputs[1], address]
        with Processes(*command, log=tmp_path / "merge.log") as merge:
            assert merge.wait() == 0, merge.log.read_text()
            assert merge.main.stdout is not None
            nodes, files = json.loads(merge.main.stdout.read().splitlines()[-1])
    assert nodes == 2
    assert files == finalize(StoragePath.of(outputs[0])).files
    zips = [(output / "sampled_images.zip").read_bytes() for output in outputs]
    assert zips[0] == zips[1]


@pytest.mark.slow
def test_the_command_merges_on_a_cluster_that_it_is_told_of(scenes: Path, tmp_path: Path) -> None:
    here, there = two_runs(scenes, tmp_path)
    with two_nodes(tmp_path) as address:
        command = [BIN / "raydrift", "finalize", there, "--address", address]
        with Processes(*command, log=tmp_path / "merge.log") as merge:
            assert merge.wait() == 0, merge.log.read_text()
    assert finalize(StoragePath.of(here)).files == require_record(StoragePath.of(there)).files
    assert not (there / "_shards").exists()

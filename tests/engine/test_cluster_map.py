"""The merge on Ray: the same bytes from its tasks, and errors as they were raised."""

from functools import partial
from pathlib import Path

import pytest
import ray

from raydrift.engine.cluster_map import cluster_map, over_cluster
from raydrift.errors import ShardError
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.parallel_map import in_threads
from tests.made_shards import make_shards, shard_file

OVER_CLUSTER = partial(over_cluster, cpus=2)
pytestmark = pytest.mark.usefixtures("ray_session")


def test_tasks_write_the_bytes_that_threads_write(scenes: Path, tmp_path: Path) -> None:
    outputs = {}
    for name, parallel_map in (("threads", in_threads), ("tasks", OVER_CLUSTER)):
        settings = generate_settings(
            {
                "input": str(scenes),
                "output": str(tmp_path / name),
                "transforms": ["rotate:0.3"],
                "image": {"height": 32, "width": 32},
                "embedding": {"compute": True},
            }
        )
        record = finalize(
            make_shards(settings, size=8), parallel_map=parallel_map, part_bytes=20_000
        )
        outputs[name] = record.files
    assert outputs["tasks"] == outputs["threads"]
    assert (tmp_path / "tasks/sampled_images.zip").read_bytes() == (
        tmp_path / "threads/sampled_images.zip"
    ).read_bytes()


def test_an_altered_shard_is_told_as_it_is_in_threads(scenes: Path, tmp_path: Path) -> None:
    """The run makes it again."""
    settings = generate_settings({"input": str(scenes), "output": str(tmp_path)})
    output = make_shards(settings)
    path = shard_file(tmp_path, 3)
    path.write_bytes(path.read_bytes().replace(b"IDAT", b"IDAD", 1))
    with pytest.raises(ShardError, match=r"^.*part-00000003-.*.parquet was altered since"):
        finalize(output, parallel_map=OVER_CLUSTER, part_bytes=20_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_shards", "run.json"]


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    def die_once(path: Path, item: int) -> int:
        import os
        import signal

        if item == 1 and not path.exists():
            path.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    killed = tmp_path / "killed"
    assert list(OVER_CLUSTER(partial(die_once, killed), range(4), 1)) == [0, 1, 2, 3]
    assert killed.exists()


def test_one_machine_merges_in_threads() -> None:
    assert len(ray.nodes()) == 1
    assert cluster_map() is in_threads

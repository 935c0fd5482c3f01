"""A stage that is slower than those before it: what waits for it stays within the object store."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.data import DataContext

from raydrift.engine.data.backpressure import PixelsInStore
from tests.engine.data.slow_stages import SAMPLES, SHARD, STORE

PIXELS = SAMPLES * 224 * 224 * 3


def run_slowly(slow: str, photos: Path, output: Path) -> dict[str, Any]:
    """What a run with a slow ``embedder`` or ``writer`` took; in a process with its own Ray."""
    script = Path(__file__).with_name("slow_stages.py")
    command = [sys.executable, str(script), str(photos), str(output), slow]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("slow", ["embedder", "writer"])
def test_nothing_is_spilled(slow: str, photos: Path, tmp_path: Path) -> None:
    found = run_slowly(slow, photos, tmp_path)
    assert found["shards"] == list(range(SAMPLES // SHARD))
    assert len(list((tmp_path / "_shards").glob("part-*.parquet"))) == SAMPLES // SHARD
    assert found["spilled"] == 0
    assert found["peak"] < STORE < PIXELS
    assert found["grown"] < 20 * 2**20, "the driver's memory, from the midst of the run on"
    assert found["worker"] < 300 * 2**20
    if slow == "embedder":
        assert found["peak"] > SHARD * 224 * 224 * 3, "nothing went through the store"


class Stage:
    """What the policy looks at of a stage."""

    def __init__(self, **metrics: int) -> None:
        self.metrics = SimpleNamespace(**metrics)


@pytest.mark.parametrize(
    ("begun", "done", "limit", "may_begin"),
    [
        (0, 0, 0, True),  # the limit is not known yet: one has to begin
        (1, 0, 0, False),
        (1, 1, 0, True),
        (2, 0, 200, True),  # Ray Data's limit is half of the store, ours three quarters
        (3, 0, 200, False),
        (100, 98, 200, True),
        (101, 98, 200, False),
        (101, 98, 400, True),  # a node joined
    ],
)
def test_a_shard_is_begun_if_its_pixels_have_room(
    begun: int, done: int, limit: int, may_begin: bool
) -> None:
    source = Stage()
    workers = Stage(num_tasks_submitted=begun)
    embedders = Stage(num_task_inputs_processed=done)
    limits = SimpleNamespace(object_store_memory=limit)
    resources = SimpleNamespace(get_global_limits=lambda: limits)
    topology = dict.fromkeys([source, workers, embedders])
    policy = PixelsInStore(DataContext(), topology, resources, shard_bytes=100)
    assert policy.can_add_input(workers) == may_begin
    assert policy.can_add_input(source)
    assert policy.can_add_input(embedders)

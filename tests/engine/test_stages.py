"""What Ray's actors do with a shard that they must not make."""

import gc
import inspect
from collections.abc import Generator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from socket import gethostname
from types import GeneratorType
from typing import Any

import numpy as np
import pytest

from raydrift.catalog import load_catalog
from raydrift.config import generate_settings
from raydrift.embed.weights import find_weights
from raydrift.engine import pipeline
from raydrift.engine.pipeline import PipelineJob, run_pipeline
from raydrift.engine.plan import Plan
from raydrift.engine.shard_work import ShardJob
from raydrift.engine.tasks import ShardTasks
from raydrift.engine.twins import TwinJob
from raydrift.errors import PipelineError
from raydrift.place import Place
from raydrift.storage.record import installed_versions

pytestmark = pytest.mark.usefixtures("ray_session")


def run_with(versions: dict[str, str], scenes: Path, output: Path, **how: Any) -> int:
    """Runs three shards as if the driver had these versions; returns how many came back."""
    (output / "_shards").mkdir()
    settings = generate_settings({"input": str(scenes), "output": str(output)})
    catalog = load_catalog(settings.input)
    told = ShardJob(settings, catalog.root, Place.of(output), "run", versions)
    tasks = ShardTasks(settings, catalog, 12, 4, np.arange(3))
    job = PipelineJob(told, verbose=False, **how)
    with closing(run_pipeline(job, tasks)) as rows:
        return len(list(rows))


def open_pipelines() -> list[Generator[Any]]:
    """Those that Python would close at some time, when Ray may be gone."""
    generators = [one for one in gc.get_objects() if type(one) is GeneratorType]
    ours = [one for one in generators if one.gi_code.co_filename == pipeline.__file__]
    return [one for one in ours if inspect.getgeneratorstate(one) != inspect.GEN_CLOSED]


WAYS = {
    "drift and write": {"plan": Plan(2, 0, False), "weights": None, "twins": None},
    "drift, embed and write": {"plan": Plan(1, 1, False), "weights": True, "twins": None},
    "measure": {"plan": Plan(1, 0, False), "weights": True, "twins": TwinJob(((),), str)},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_node_with_another_library_makes_no_pixel(way: str, scenes: Path, tmp_path: Path) -> None:
    """The bytes would depend on which node a shard came to."""
    how = dict(WAYS[way])
    how["weights"] = find_weights("random", seed=0) if how["weights"] else None
    versions = installed_versions() | {"pillow": "1.0"}
    with pytest.raises(PipelineError) as caught:
        run_with(versions, scenes, tmp_path, **how)
    assert str(caught.value) == (
        f"the run is made with pillow 1.0, this is {version('pillow')} on node {gethostname()}: "
        "install the same versions everywhere, then run the same command again"
    )
    assert list((tmp_path / "_shards").iterdir()) == []
    assert open_pipelines() == [], "while the error, and with it its frames, is still held"


def test_what_makes_no_pixels_may_differ(scenes: Path, tmp_path: Path) -> None:
    """The package's own code travels with the run; a GPU's node has another build of torch."""
    versions = installed_versions() | {"raydrift": "0.0.1", "torch": "2.13.0+cu130"}
    assert run_with(versions, scenes, tmp_path, **WAYS["drift and write"]) == 3

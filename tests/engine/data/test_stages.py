"""What Ray's actors do with a shard that they must not make."""

import errno
import gc
import inspect
from collections.abc import Callable, Generator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from socket import gethostname
from types import GeneratorType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import ray

from raydrift.catalog import load_catalog
from raydrift.embed.weights import find_weights
from raydrift.engine.data import drifter, pipeline
from raydrift.engine.data.measure_stage import SendMeasures, measure_stages
from raydrift.engine.data.measured import MeasureJob
from raydrift.engine.data.pipeline import Pipeline, Stage, run_pipeline
from raydrift.engine.data.rows import as_row, table_of
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.stages import DriftStage, drift_stages
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.plan import EMBEDDERS, WORKERS, Plan, Role
from raydrift.errors import PipelineError
from raydrift.images.codec import RGB, decode_image
from raydrift.images.decoded import Decoded
from raydrift.paths import StoragePath
from raydrift.schedules.schedule import Schedule
from raydrift.settings import ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage import shards
from raydrift.storage.record import installed_versions
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import LedgerRow, open_shard, read_ledger

pytestmark = pytest.mark.usefixtures("ray_session")

Stages = Callable[[ShardJob], tuple[Stage, ...]]


def run_with(
    versions: dict[str, str], scenes: Path, output: Path, plan: Plan, stages: Stages
) -> int:
    """Runs three shards as if the driver had these versions; returns how many came back."""
    (output / "_shards").mkdir()
    settings = generate_settings({"input": str(scenes), "output": str(output)})
    catalog = load_catalog(settings.input)
    told = ShardJob(settings, catalog.root, StoragePath.of(output), "run", versions)
    tasks = ShardTasks(settings, catalog, 12, 4, np.arange(3))
    with closing(run_pipeline(Pipeline(tasks, stages(told), plan))) as rows:
        return len(list(rows))


def open_pipelines() -> list[Generator[Any]]:
    """Those that Python would close at some time, when Ray may be gone."""
    generators = [one for one in gc.get_objects() if type(one) is GeneratorType]
    ours = [one for one in generators if one.gi_code.co_filename == pipeline.__file__]
    return [one for one in ours if inspect.getgeneratorstate(one) != inspect.GEN_CLOSED]


WORKER, TWO_WORKERS = Plan((Role(WORKERS, 1),)), Plan((Role(WORKERS, 2),))
WITH_EMBEDDER = Plan((Role(WORKERS, 1), Role(EMBEDDERS, 1)))
RANDOM = find_weights("random", seed=0)
MEASURED = MeasureJob((Schedule(0),), str)

WAYS: dict[str, tuple[Plan, Stages]] = {
    "drift and write": (TWO_WORKERS, lambda job: drift_stages(job, TWO_WORKERS, None)),
    "drift, embed and write": (WITH_EMBEDDER, lambda job: drift_stages(job, WITH_EMBEDDER, RANDOM)),
    "measure": (WORKER, lambda job: measure_stages(SendMeasures, job, MEASURED, WORKER, RANDOM)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_node_with_another_library_makes_no_pixel(way: str, scenes: Path, tmp_path: Path) -> None:
    """The bytes would depend on which node a shard came to."""
    versions = installed_versions() | {"pillow": "1.0"}
    with pytest.raises(PipelineError) as caught:
        run_with(versions, scenes, tmp_path, *WAYS[way])
    assert str(caught.value) == (
        f"the run is made with pillow 1.0, this is {version('pillow')} on node {gethostname()}: "
        "install the same versions everywhere, then run the same command again"
    )
    assert list((tmp_path / "_shards").iterdir()) == []
    assert open_pipelines() == [], "while the error, and with it its frames, is still held"


def test_what_makes_no_pixels_may_differ(scenes: Path, tmp_path: Path) -> None:
    """The package's own code travels with the run; a GPU's node has another build of torch."""
    versions = installed_versions() | {"raydrift": "0.0.1", "torch": "2.13.0+cu130"}
    assert run_with(versions, scenes, tmp_path, *WAYS["drift and write"]) == 3


@pytest.fixture
def one_shard(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[DriftStage, pa.Table, StoragePath]:
    """What an actor is, the row of a shard of forty images, and the run's folder."""
    monkeypatch.setattr(drifter, "_decoder", lambda: decode_image)  # it asks Ray, of an actor
    (tmp_path / "_shards").mkdir()
    settings = generate_settings({"input": str(scenes), "output": str(tmp_path)})
    catalog, output = load_catalog(settings.input), StoragePath.of(tmp_path)
    told = ShardJob(settings, catalog.root, output, "run", installed_versions())
    (tasks,) = ShardTasks(settings, catalog, 40, 40, np.arange(1))
    return DriftStage(ray.put(told), None, ray.put(False)), as_row(tasks), output


def test_a_disk_that_fails_for_a_moment_is_given_the_shard_again(
    one_shard: tuple[DriftStage, pa.Table, StoragePath], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, row, output = one_shard
    tries, write = list[int](), shards.SampleFile.add

    def failing_once(file: shards.SampleFile, part: pa.Table) -> None:
        write(file, part)
        tries.append(1)
        if len(tries) == 3:  # the last part of the shard
            raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(shards.SampleFile, "add", failing_once)
    (told,) = stage(row).to_pylist()
    assert (told.pop("failure"), told.pop("message"), len(tries)) == ("", "", 6)
    assert read_ledger(output, "run") == {0: LedgerRow.from_dict(told)}
    assert (told["asked"], told["written"]) == (40, 40)
    shard = open_shard(output, LedgerRow.from_dict(told)).read()
    assert shard["sample_id"].to_pylist() == list(range(40))


def test_a_disk_that_fails_for_good_is_told_as_such(
    one_shard: tuple[DriftStage, pa.Table, StoragePath], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, row, output = one_shard

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shards.ChecksumSink, "write", full)
    (told,) = stage(row).to_pylist()
    assert told == {
        "failure": "OutputError",
        "message": f"output {output} cannot be written: No space left on device: "
        "what is finished is kept, the same command goes on",
    }
    assert (output / "_shards").names() == {}


def test_what_fails_beside_the_disk_is_not_told_as_the_outputs_fault(
    one_shard: tuple[DriftStage, pa.Table, StoragePath], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, row, output = one_shard

    def no_process(*_: object) -> RGB:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(stage._drifter, "_decoder", no_process)
    (told,) = stage(row).to_pylist()
    assert told == {
        "failure": "PipelineError",
        "message": "a worker failed: OSError: Cannot allocate memory",
    }
    assert (output / "_shards").names() == {}


def test_remarks_on_images_come_with_the_ledger_row(
    one_shard: tuple[DriftStage, pa.Table, StoragePath], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every block has the same columns, whether there are any or not: Ray Data wants that."""
    stage, row, output = one_shard

    def dark(data: bytes, settings: ImageSettings) -> Decoded:
        return Decoded(decode_image(data, settings).pixels, ("came out dark",))

    with monkeypatch.context() as patched:
        patched.setattr(stage._drifter, "_decoder", dark)
        told = stage(row)
    ledger = LedgerRow.from_dict(told.to_pylist()[0])
    assert read_ledger(output, "run") == {0: ledger}
    paths = table_of(row)["source_path"].to_pylist()
    assert ledger.remarks == (Remark("came out dark", 40, tuple(paths[:3])),)
    plain = stage(row)
    assert plain.schema == told.schema
    assert LedgerRow.from_dict(plain.to_pylist()[0]).remarks == ()

"""The tasks of a run's shards are made one by one, the same ones for whichever shards are asked."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from raydrift import schemas
from raydrift.catalog import Catalog, load_catalog
from raydrift.engine.data.tasks import ShardTasks, count_samples
from raydrift.errors import SettingsError
from raydrift.settings import GenerateSettings


@pytest.fixture(scope="module")
def catalog(scenes: Path) -> Catalog:
    return load_catalog(str(scenes))


def tasks_of(catalog: Catalog, shards: list[int], **settings: object) -> ShardTasks:
    asked = GenerateSettings("unused", "unwritten", **settings)  # type: ignore[arg-type]
    samples = count_samples(asked, len(catalog))
    return ShardTasks(asked, catalog, samples, 7, np.array(shards))


def test_together_they_are_all_samples_once(catalog: Catalog) -> None:
    shards = -(-len(catalog) // 7)
    tasks = tasks_of(catalog, list(range(shards)))
    tables = list(tasks)
    assert len(tasks) == len(tables) == shards
    whole = pa.concat_tables(tables)
    assert whole.schema == schemas.TASK
    assert whole["sample_id"].to_pylist() == list(range(len(catalog)))
    assert sorted(whole["source_path"].to_pylist()) == catalog.table["path"].to_pylist()


def test_the_last_shard_has_what_is_left(catalog: Catalog) -> None:
    last = len(catalog) // 7
    tasks = tasks_of(catalog, [0, last], num_samples=7 * last + 2)
    assert [table.num_rows for table in tasks] == [tasks.asked(0), tasks.asked(last)] == [7, 2]


def test_a_shard_is_the_same_whichever_others_are_asked_for(catalog: Catalog) -> None:
    every = list(tasks_of(catalog, [0, 1, 2, 3]))
    for shard in (3, 1):
        assert list(tasks_of(catalog, [shard])) == [every[shard]]


def test_a_run_that_goes_on_from_another_starts_behind_it(catalog: Catalog) -> None:
    first = next(iter(tasks_of(catalog, [1])))
    later = next(iter(tasks_of(catalog, [0], start=7)))
    assert later["sample_id"].to_pylist() == first["sample_id"].to_pylist()
    assert later["source_path"].to_pylist() == first["source_path"].to_pylist()


def test_more_samples_than_there_are_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(SettingsError, match=f"asked for, {len(catalog) - 5} of"):
        count_samples(
            GenerateSettings("unused", "unwritten", start=5, num_samples=len(catalog)), len(catalog)
        )

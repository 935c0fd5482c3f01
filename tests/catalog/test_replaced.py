"""Which samples a drift replaces, and by which images."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift import schemas
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.replaced import Replaced
from raydrift.catalog.stream import Stream
from raydrift.engine.data.tasks import ShardTasks
from raydrift.errors import CatalogError, SettingsError
from raydrift.schedules.drift import Drift
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.image_sets import replaced_samples

STREAM = 400


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 400 images a quarter are dogs."""
    folder = tmp_path_factory.mktemp("listed")
    names = ["dog" if number % 4 == 0 else "cat" for number in range(STREAM)]
    rows = {"path": [f"{number:03d}.png" for number in range(STREAM)], "class": names}
    pq.write_table(pa.table(rows), folder / "list.parquet")
    return folder / "list.parquet"


def image_set(folder: Path, **classes: int) -> str:
    """Class folders with so many files."""
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            (folder / name / f"{number:03d}.png").write_bytes(bytes(number + 1))
    return str(folder)


def replaced(source: Path, **values: Any) -> tuple[GenerateSettings, Catalog, Replaced]:
    settings = generate_settings({"input": str(source), "output": "out", **values})
    catalog = catalog_of(settings)
    found = replaced_samples(settings, catalog, Stream.of(settings, catalog))
    assert found is not None
    return settings, catalog, found


def rows(source: Path, size: int = STREAM, **values: Any) -> list[dict[str, Any]]:
    """The tasks of all samples."""
    settings, catalog, found = replaced(source, **values)
    shards = np.arange(-(-STREAM // size))
    where = Stream.of(settings, catalog).where
    tables = [*ShardTasks(settings, catalog, STREAM, size, shards, where, found)]
    assert all(table.schema == schemas.TASK for table in tables)
    return [row for table in tables for row in table.to_pylist()]


def test_a_share_of_the_samples_is_replaced_by_images_of_their_class(
    source: Path, tmp_path: Path
) -> None:
    place = image_set(tmp_path, cat=300, dog=100)
    found = rows(source, drift=[{"replace": place, "level": 0.3, "start": 0.5}])
    hit = [row for row in found if row["replaced"] is not None]
    assert all(row["sample_id"] >= STREAM // 2 for row in hit)
    assert 40 <= len(hit) <= 80  # of 200, 60 are to be expected
    for row in hit:
        assert row["replaced"]["path"].startswith(row["class_name"])
        assert row["replaced"]["set"] == 0
    paths = [row["replaced"]["path"] for row in hit]
    assert len(set(paths)) == len(paths), "there are enough"
    assert paths != sorted(paths)


def test_where_there_are_too_few_all_come_equally_often(source: Path, tmp_path: Path) -> None:
    place = image_set(tmp_path, dog=7)
    drift = {"replace": place, "where": {"class": "dog"}}
    paths = [row["replaced"] and row["replaced"]["path"] for row in rows(source, drift=[drift])]
    counts = Counter(path for path in paths if path is not None)
    assert counts.total() == 100
    assert set(counts.values()) == {100 // 7, 100 // 7 + 1}


def test_the_same_whatever_the_shards_and_the_calls(source: Path, tmp_path: Path) -> None:
    drift = [{"replace": image_set(tmp_path, cat=9, dog=9), "kind": "gradual", "width": 0.8}]
    whole = rows(source, drift=drift)
    assert rows(source, size=7, drift=drift) == [
        {**row, "shard": row["sample_id"] // 7} for row in whole
    ]
    settings, catalog, found = replaced(source, drift=drift, start=100, stream=STREAM)
    later = ShardTasks(settings, catalog, 300, 300, np.arange(1), (), found)
    assert [row["replaced"] for table in later for row in table.to_pylist()] == [
        row["replaced"] for row in whole[100:]
    ]
    other = [row["replaced"] for row in rows(source, drift=drift, seed=7)]
    assert other != [row["replaced"] for row in whole]


def test_the_later_of_two_drifts_replaces(source: Path, tmp_path: Path) -> None:
    first = image_set(tmp_path / "1", cat=2, dog=2)
    second = image_set(tmp_path / "2", dog=2)
    drift = [{"replace": first}, {"replace": second, "where": {"class": "dog"}}]
    found = rows(source, drift=drift)
    assert all(row["replaced"]["set"] == (row["class_name"] == "dog") for row in found)


def test_a_set_of_no_classes_is_for_all(source: Path, tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"1")
    found = rows(source, drift=[{"replace": str(tmp_path)}])
    assert {row["replaced"]["path"] for row in found} == {"1.png"}


def test_a_set_without_a_class_that_is_replaced_is_refused(source: Path, tmp_path: Path) -> None:
    place = image_set(tmp_path, dog=2)
    with pytest.raises(CatalogError) as caught:
        rows(source, drift=[{"replace": place}])
    assert str(caught.value) == (
        f"drift.replace {place} has no images of the class 'cat', only of 'dog': add some, or set "
        "where of the drift to classes that it has"
    )


def test_another_file_in_the_set_is_another_state(source: Path, tmp_path: Path) -> None:
    place = image_set(tmp_path, cat=1, dog=1)
    before = rows(source, drift=[{"replace": place}])
    (tmp_path / "dog/000.png").write_bytes(b"another")
    after = rows(source, drift=[{"replace": place}])
    for old, new in zip(before, after, strict=True):
        assert (old["file_state"] != new["file_state"]) == (old["class_name"] == "dog")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"replace": "x", "level": 0}, "level is 0: give the share of samples to replace"),
        ({"replace": "x", "level": 1.5}, "level is 1.5: give the share of samples to replace"),
        ({"replace": ""}, "replace is '': a drift has either transforms or another set"),
        ({"replace": "x", "transforms": ["hue:1"]}, "replace is 'x': a drift has either"),
        ({"transforms": ["hue:1"], "level": 0.5}, "level is of a drift that replaces images"),
    ],
)
def test_what_cannot_be_is_told(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Drift(**values)
    assert str(caught.value).startswith(message)


def test_images_from_elsewhere_have_no_twins(source: Path) -> None:
    told = {"input": str(source), "output": "out", "drift": [{"replace": "x"}]}
    with pytest.raises(SettingsError, match="an image from elsewhere has no twin: leave either"):
        generate_settings({**told, "transforms": ["twin:0.5"], "twins": "y"})

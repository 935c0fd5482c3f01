"""Which images of a catalog filters let through."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import Catalog, load_catalog
from raydrift.catalog.where import rows_where
from raydrift.errors import SettingsError
from raydrift.schedules.where import plain_where


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Five rows, not sorted by path, with columns of many types."""
    rows = {
        "path": ["e.jpg", "a.jpg", "c.jpg", "b.jpg", "d.jpg"],
        "class": ["cat", "dog", "cat", "eel", "dog"],
        "temperature": [4.0, -1.5, None, 12.0, 5.0],
        "indoors": [True, False, True, False, False],
        "taken": np.array(
            ["2024-01-05", "2024-01-01", "2024-01-03", "2024-01-02", "2024-01-04"], "datetime64[s]"
        ),
        "image": [b"", b"", b"", b"", b""],
        "tags": [["x"], [], [], [], []],
    }
    pq.write_table(pa.table(rows), tmp_path / "manifest.parquet")
    return load_catalog(str(tmp_path / "manifest.parquet"))


def held(catalog: Catalog, where: Any) -> list[str]:
    """The paths of which filters hold."""
    mask = rows_where(catalog, plain_where(where))
    assert mask.shape == (5,)
    return catalog.table.filter(pa.array(mask))["path"].to_pylist()


@pytest.mark.parametrize(
    ("where", "paths"),
    [
        ({"class": "cat"}, ["c.jpg", "e.jpg"]),
        ({"class": ["cat", "eel"]}, ["b.jpg", "c.jpg", "e.jpg"]),
        ([("class", "not in", ["cat", "eel"])], ["a.jpg", "d.jpg"]),
        ([("label", ">=", 1)], ["a.jpg", "b.jpg", "d.jpg"]),
        ([("path", "<", "c")], ["a.jpg", "b.jpg"]),
        ([("temperature", "<", 5)], ["a.jpg", "e.jpg"]),  # what is null, is not among them
        ([("temperature", "not in", [5.0, 12.0])], ["a.jpg", "e.jpg"]),
        ([("temperature", "!=", 5.0)], ["a.jpg", "b.jpg", "e.jpg"]),
        ([("temperature", "<", 5), ("indoors", "==", True)], ["e.jpg"]),
        ([[("temperature", ">", 10)], [("class", "=", "cat")]], ["b.jpg", "c.jpg", "e.jpg"]),
        ([("taken", ">=", "2024-01-04")], ["d.jpg", "e.jpg"]),
    ],
)
def test_filters_hold_of_the_rows_that_they_say(
    catalog: Catalog, where: Any, paths: list[str]
) -> None:
    assert held(catalog, where) == paths


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"temprature": 5}, "where: there is no column 'temprature': did you mean 'temperature'?"),
        (
            {"tags": "x"},
            "where: there is no column 'tags': choose from: class, label, path, temperature",
        ),
        ({"class": ["cat", "dgo"]}, "where: there is no class 'dgo': choose from: cat, dog, eel"),
        ({"temperature": 99}, "where temperature == 99: this holds of none of 5 images"),
        ([("taken", "<", "soon")], "where taken: 'soon' is no timestamp["),
        ([("temperature", "<", "cold")], "where temperature < cold: "),
    ],
)
def test_what_is_not_there_is_named(catalog: Catalog, where: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        held(catalog, where)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_columns_of_one_name_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,class,t,t,u\na.jpg,cat,1,2,3\n")
    catalog = load_catalog(str(tmp_path / "m.csv"))
    assert held_in(catalog, {"u": 3}) == 1
    with pytest.raises(SettingsError, match=r"no column 't': choose from: class, label, path, u$"):
        held_in(catalog, {"t": 1})


def held_in(catalog: Catalog, where: Any) -> int:
    return int(rows_where(catalog, plain_where(where)).sum())


def test_a_folder_has_classes_labels_and_paths(scenes: Path) -> None:
    catalog = load_catalog(str(scenes))
    mask = rows_where(catalog, plain_where([("path", ">", "desert/"), ("label", "in", [2, 3])]))
    names = catalog.table.filter(pa.array(mask))["path"].to_pylist()
    assert {name.split("/")[0] for name in names} == {"desert", "flower"}
    assert len(names) == 24
    with pytest.raises(SettingsError, match=r"choose from: class, label, path$"):
        rows_where(catalog, plain_where({"temperature": 5}))

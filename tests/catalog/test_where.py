"""Which images of a catalog filters let through."""

from datetime import UTC, date, datetime
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
        ([("taken", "<", "soon")], "where taken: 'soon' is no timestamp[ms]: write 2024-03-31 or "),
        ([("taken", "<", 5)], "where taken: '5' is no timestamp["),
        ([("temperature", "<", "cold")], "where temperature < cold: "),
    ],
)
def test_what_is_not_there_is_named(catalog: Catalog, where: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        held(catalog, where)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


BERLIN = pa.timestamp("us", "Europe/Berlin")


@pytest.mark.parametrize(
    ("kind", "value", "rows"),
    [
        (BERLIN, "2024-03-31", [2]),  # is UTC, as a drift's start
        (BERLIN, date(2024, 3, 31), [2]),
        (BERLIN, datetime(2024, 3, 30, 23), [1, 2]),
        (BERLIN, "2024-03-31T00:00+01:00", [1, 2]),
        (BERLIN, "2024-03-30 23:00:00.000001Z", [2]),
        (pa.timestamp("s"), "2024-03-30T23:00", [1, 2]),
        (pa.timestamp("s"), "2024-03-31T00:00:00+01:00", [1, 2]),
        (pa.timestamp("ns"), datetime(2024, 3, 31, tzinfo=UTC), [2]),
        (pa.date32(), "2024-03-31", [2]),
        (pa.date32(), datetime(2024, 3, 31), [2]),
        (pa.date64(), date(2024, 3, 30), [0, 1, 2]),
    ],
)
def test_dates_mean_the_same_with_and_without_a_zone(
    kind: pa.DataType, value: Any, rows: list[int], tmp_path: Path
) -> None:
    hours = pa.array(["2024-03-30T00:00Z", "2024-03-30T23:00Z", "2024-03-31T12:00Z"])
    moments = hours.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    moments = moments.cast(pa.timestamp("us", "UTC")) if kind == BERLIN else moments
    columns = {"path": ["0", "1", "2"], "class": ["x"] * 3}
    columns["taken"] = moments.cast(kind, safe=False)
    pq.write_table(pa.table(columns), tmp_path / "m.parquet")
    catalog = load_catalog(str(tmp_path / "m.parquet"))
    mask = rows_where(catalog, plain_where([("taken", ">=", value)]))
    assert np.flatnonzero(mask).tolist() == rows
    first = pq.read_table(tmp_path / "m.parquet")["taken"][0].as_py()
    assert rows_where(catalog, plain_where([("taken", "in", [first])]))[0]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (pa.date32(), "2024-03-31T12:00", "is no date32[day]: the column has days, write 2024-03-"),
        (BERLIN, "31.3.2024", "is no timestamp[us, tz=Europe/Berlin]: write 2024-03-31 or 2024-03"),
        (BERLIN, "2025-01-01", ": this holds of none of 1 image; a date without a zone is UTC"),
    ],
)
def test_dates_that_do_not_fit_are_answered_with_what_to_write(
    kind: pa.DataType, value: str, message: str, tmp_path: Path
) -> None:
    taken = pa.array([0]).cast(pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)
    pq.write_table(
        pa.table({"path": ["0"], "class": ["x"], "taken": taken}), tmp_path / "m.parquet"
    )
    with pytest.raises(SettingsError) as caught:
        rows_where(load_catalog(str(tmp_path / "m.parquet")), plain_where([("taken", ">", value)]))
    assert message in str(caught.value)


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

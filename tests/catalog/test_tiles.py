"""Raw files whose tiles are the images of a catalog."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.catalog import catalog_of
from raydrift.catalog.where import rows_where
from raydrift.errors import CatalogError
from raydrift.paths import StoragePath
from raydrift.schedules.where import plain_where
from raydrift.settings.toml import generate_settings
from tests.image_files import file_of
from tests.raw_files import PRESET, dng, noise

PNG = {"files": "png", "cfa": "RGGB", **PRESET}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "raws"
    for name, shape in {"a/2x3": (9, 12), "a/1x1": (4, 7), "b/none": (3, 50)}.items():
        place = folder / f"{name}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file_of(noise(*shape), "PNG"))
    (folder / "b/broken.png").write_bytes(b"no png")
    return folder


def tiled(source: Path, **raw: Any) -> Any:
    raw = PNG | {"read": "tile", "tile": 4} | raw
    settings = {"input": str(source), "output": "out", "raw": raw, "shuffle": False}
    return catalog_of(generate_settings(settings))


def test_each_whole_tile_is_an_image(source: Path) -> None:
    catalog = tiled(source)
    rows = catalog.table.select(["path", "row", "column"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("a/1x1.png", 0, 0),
        *[("a/2x3.png", row, column) for row in (0, 4) for column in (0, 4, 8)],
        ("b/broken.png", None, None),  # whoever opens it says why
    ]
    assert catalog.counts() == {"a": 7, "b": 1}
    assert catalog.ignored == {"raw file smaller than a tile": 1}
    assert catalog.notes == ("7 tiles of 4 x 4 pixels in 2 raw files; 1 file of unknown size",)


def test_a_worker_is_told_where_its_tiles_begin(source: Path) -> None:
    catalog = tiled(source)
    order = np.arange(len(catalog))
    where = {"shard": 0, "first_timestamp": 0.0, "delta_timestamp": 1.0}
    tasks = catalog.samples(order, 3, 2, **where)
    assert tasks.select(["source_path", "row", "column"]).to_pylist() == [
        {"source_path": "a/2x3.png", "row": 0, "column": 8},
        {"source_path": "a/2x3.png", "row": 4, "column": 0},
    ]


def test_filters_know_where_a_tile_begins(source: Path) -> None:
    found = rows_where(tiled(source), plain_where([["row", ">", 0], ["column", "in", [0, 8]]]))
    assert np.flatnonzero(found).tolist() == [4, 6]


def test_another_tile_size_is_another_input(source: Path) -> None:
    assert len({tiled(source, tile=size).digest() for size in (2, 4, 6)}) == 3
    assert tiled(source).digest() == tiled(source).digest()


def test_a_shape_that_is_given_is_not_looked_up(tmp_path: Path) -> None:
    (tmp_path / "raws/a").mkdir(parents=True)
    (tmp_path / "raws/a/1.dng").write_bytes(b"not looked at")
    raw = {"files": "auto", "cfa": None, "gains": "file", "matrix": "file", "shape": [8, 12]}
    assert tiled(tmp_path / "raws", **raw).counts() == {"a": 6}


def test_sizes_of_camera_files_are_looked_up(tmp_path: Path) -> None:
    for name, shape in {"a/1": (24, 33), "b/2": (22, 22)}.items():
        place = tmp_path / "raws" / f"{name}.dng"
        place.parent.mkdir(parents=True)
        place.write_bytes(dng(noise(*shape)))
    raw = {"files": "auto", "cfa": None, "gains": "file", "matrix": "file", "tile": 10}
    assert tiled(tmp_path / "raws", **raw).counts() == {"a": 6, "b": 4}


def test_no_tile_at_all_is_one_line(source: Path) -> None:
    (source / "b/broken.png").unlink()
    told = r"no raw file has a tile of 10 x 10, the largest is 9 x 12: set a smaller raw\.tile"
    with pytest.raises(CatalogError, match=told):
        tiled(source, tile=10)


def test_files_none_of_which_has_a_size_are_one_line(source: Path) -> None:
    told = "the size of none of 4 raw files can be read, as a/1x1.png: look at raw.files"
    for path in source.rglob("*.png"):
        path.write_bytes(b"no png")
    with pytest.raises(CatalogError, match=told):
        tiled(source)


def test_a_read_that_fails_for_a_moment_is_no_other_input(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = StoragePath.read_part

    def slow(file: StoragePath, size: int, offset: int) -> bytes:
        if file.path.endswith("2x3.png"):
            raise OSError("AWS Error SLOW_DOWN")
        return whole(file, size, offset)

    monkeypatch.setattr(StoragePath, "read_part", slow)
    with pytest.raises(CatalogError, match=r"the size of .*2x3\.png cannot be read now: .* again"):
        tiled(source)

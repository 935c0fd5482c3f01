"""Real runs over the tiles of raw files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from raydrift.drift.camera.raw import replay_raw
from raydrift.drift.written import read_back
from raydrift.engine.generate import generate
from raydrift.engine.views import views
from raydrift.images.raw.decoder import read_raw
from raydrift.images.raw.tiles import tile_of
from raydrift.report.preview import preview
from raydrift.settings.toml import generate_settings, views_settings
from tests.raw_files import dng, hollow, noise
from tests.written import written_pixels

pytestmark = pytest.mark.usefixtures("ray_session")

RAW = {"read": "tile", "tile": 32}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiles")
    for name, data in {
        "a/1": dng(noise(65, 97), "GRBG", orientation=6),
        "a/2": dng(noise(40, 70), "BGGR"),
        "b/3": dng(noise(64, 64)),
        "b/hollow": hollow(64, 32),
        "b/small": dng(noise(24, 90)),
    }.items():
        place = folder / f"{name}.dng"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    return folder


def plain(source: Path, output: Path, **values: Any) -> dict[str, Any]:
    return {
        "input": str(source),
        "output": str(output),
        "image": {"height": 24, "width": 24},
        "raw": RAW,
        "faults": {"max_rejected": 1},
        **values,
    }


def made(source: Path, output: Path, **values: Any) -> Path:
    chain = {"transforms": ["isp:0.5", "hue:0.3"]}
    generate(generate_settings(plain(source, output, **chain | values)), quiet=True)
    return output


@pytest.fixture(scope="module")
def output(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(source, tmp_path_factory.mktemp("runs") / "one", cluster={"workers": 1})


def rows_of(output: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(output / "provenance.parquet").to_pylist()
    return rows


def test_every_tile_is_a_sample_that_its_row_explains(source: Path, output: Path) -> None:
    settings = generate_settings(json.loads((output / "run.json").read_text())["settings"])
    assert settings.raw is not None
    rows, shown = rows_of(output), written_pixels(output)
    assert {(row["source_path"], row["row"], row["column"]) for row in rows} == {
        *(("a/1.dng", top, left) for top in (0, 32) for left in (0, 32, 64)),
        *(("a/2.dng", 0, left) for left in (0, 32)),
        *(("b/3.dng", top, left) for top in (0, 32) for left in (0, 32)),
    }
    for row in rows:
        content = (source / row["source_path"]).read_bytes()
        mosaic = read_raw(content, settings.image, settings.raw)
        again = replay_raw(
            tile_of(mosaic, row["row"], row["column"], settings.raw),
            read_back(row["transforms"]),
            settings.raw,
            settings.image,
            seed=settings.seed,
            sample_id=row["sample_id"],
            profile=settings.profile,
            camera=json.loads(row["camera"]),
        )
        np.testing.assert_array_equal(shown[row["sample_id"]], again.pixels)


def test_what_has_no_tiles_is_told(output: Path) -> None:
    record = json.loads((output / "run.json").read_text())
    assert record["ignored"] == {"raw file smaller than a tile": 1}
    rejected = pq.read_table(output / "rejected.parquet").to_pylist()
    assert [(row["path"], row["error"]) for row in rejected] == [
        ("b/hollow.dng", "a part of the mosaic is missing: it is no lossless JPEG")
    ] * 2


def test_any_workers_and_shards_make_the_same_files(
    source: Path, output: Path, tmp_path: Path
) -> None:
    made(source, tmp_path / "two", cluster={"workers": 2}, write={"shard_size": 3})
    for name in ("sampled_images.zip", "provenance.parquet", "rejected.parquet"):
        assert (tmp_path / "two" / name).read_bytes() == (output / name).read_bytes()


def test_tiles_of_a_file_lie_side_by_side_without_shuffling(source: Path, tmp_path: Path) -> None:
    rows = rows_of(made(source, tmp_path / "sorted", shuffle=False, transforms=[]))
    places = [(row["source_path"], row["row"], row["column"]) for row in rows]
    assert places == sorted(places)


def test_views_of_tiles_are_those_of_what_the_tile_holds(source: Path, tmp_path: Path) -> None:
    settings = plain(source, tmp_path / "views", views=["bi,s,ga", "ma,u,me"])
    views(views_settings(settings), quiet=True)
    for code in ("bi_s_ga", "ma_u_me"):
        rows = rows_of(tmp_path / "views" / code)
        assert len(rows) == 12
        assert {row["row"] for row in rows} == {0, 32}


def test_a_preview_says_which_tile_it_shows(source: Path, tmp_path: Path) -> None:
    settings = generate_settings(plain(source, tmp_path / "sheet.png"))
    found = preview(settings, ["isp_gamma"], [1.0], 2)
    assert len(found.sample_ids) == 2

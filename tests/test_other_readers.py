"""What is written can be read: by Hugging Face datasets, pandas, polars and DuckDB as by Arrow."""

import json
import shutil
from collections.abc import Callable, Iterator
from math import isnan
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift import schemas
from raydrift.drift import apply_chain
from raydrift.drift.written import read_back
from raydrift.images.codec import decode
from raydrift.settings import ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.tables import HashingSink, TableSink
from tests.made_shards import make_shards, shard_file
from tests.report.evaluations import evaluation_of, settings_of

Rows = list[dict[str, Any]]

# The last two are those of an evaluation.
FILES = {
    "_shards/part-00000001.parquet": 8,
    "input_mapping.parquet": 24,
    "target.parquet": 24,
    "embeddings.parquet": 24,
    "provenance.parquet": 24,
    "rejected.parquet": 1,
    "metrics.parquet": 84,
    "class_drift.parquet": 4,
}


@pytest.fixture(scope="module")
def written(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table that there can be: a finished run with its shards, and an evaluation's."""
    source, output = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("written")
    for name in ("boat", "desert"):
        shutil.copytree(scenes / name, source / name)
    (source / "boat" / "broken.png").write_bytes(b"no image")
    run = {
        "input": str(source),
        "output": str(output),
        "transforms": ["rotate:0.3", "default:0.4", "hue:0", "gaussian_noise:0.2"],
        "image": {"height": 16, "width": 16},
        "embedding": {"compute": True},
    }
    finalize(make_shards(generate_settings(run), 8), keep_shards=True)
    # The name of an attempt is another one each time.
    shard_file(output, 1).rename(output / "_shards/part-00000001.parquet")
    evaluation = evaluation_of(settings_of([0.5, 1.0]))
    pq.write_table(evaluation.metrics_table(), output / "metrics.parquet")
    pq.write_table(evaluation.class_table(), output / "class_drift.parquet")
    return output


@pytest.fixture(scope="module")
def hugging_face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Any]]:
    import datasets

    cache = tmp_path_factory.mktemp("cache")
    datasets.disable_progress_bars()

    def load(path: Path) -> Any:
        return datasets.load_dataset(
            "parquet", data_files=str(path), split="train", cache_dir=str(cache)
        )

    yield load
    datasets.enable_progress_bars()


def plain(value: Any) -> Any:
    """Without numpy's types; pandas says NaN where nothing is."""
    if isinstance(value, np.ndarray | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, float) and isnan(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def scenes_of(written: Path) -> Path:
    return Path(json.loads((written / "run.json").read_text())["settings"]["input"])


def with_arrow(path: Path) -> Rows:
    rows: Rows = pq.read_table(path).to_pylist()
    return rows


def test_these_are_all_tables(written: Path) -> None:
    found = {str(path.relative_to(written)) for path in written.rglob("*.parquet")}
    others = {name for name in found if name.startswith("_shards/")}
    assert others | set(FILES) == found
    assert {name: len(with_arrow(written / name)) for name in FILES} == FILES


@pytest.mark.parametrize("name", FILES)
def test_pandas_reads_it(written: Path, name: str) -> None:
    found = pd.read_parquet(written / name).to_dict("records")
    assert plain(found) == with_arrow(written / name)


@pytest.mark.parametrize("name", FILES)
def test_polars_reads_it(written: Path, name: str) -> None:
    found = pl.read_parquet(written / name).to_dicts()
    assert plain(found) == with_arrow(written / name)


@pytest.mark.parametrize("name", FILES)
def test_duckdb_reads_it(written: Path, name: str) -> None:
    found = duckdb.read_parquet(str(written / name))
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert plain(rows) == with_arrow(written / name)


@pytest.mark.parametrize("name", FILES)
def test_hugging_face_reads_it(
    written: Path, hugging_face: Callable[[Path], Any], name: str
) -> None:
    assert plain(hugging_face(written / name).to_list()) == with_arrow(written / name)


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    """Hugging Face makes no split of one, whoever wrote it, but streams it."""
    import datasets

    path, names = tmp_path / "rejected.parquet", schemas.REJECTED.names
    with path.open("wb") as file, TableSink(HashingSink(file), schemas.REJECTED):
        pass
    assert pd.read_parquet(path).columns.to_list() == names
    assert pl.read_parquet(path).columns == names
    assert duckdb.read_parquet(str(path)).columns == names
    stream = datasets.load_dataset("parquet", data_files=str(path), split="train", streaming=True)
    assert list(stream.features) == names


def test_hugging_face_sees_the_images_of_all_shards(
    written: Path, hugging_face: Callable[[Path], Any]
) -> None:
    import datasets

    found = hugging_face(written / "_shards" / "*.parquet")
    shown = found.cast_column("image", datasets.Image())
    assert len(shown) == 24
    assert isinstance(shown[0]["image"], Image.Image)
    assert shown[0]["image"].size == (16, 16)


def test_each_finds_what_was_drawn(written: Path) -> None:
    """The same angles in SQL and in pandas; polars' own JSON is off by the last digit."""
    path = written / "provenance.parquet"
    angles = [read_back(row["transforms"])[0].parameters["degrees"] for row in with_arrow(path)]
    assert len(set(angles)) == 24
    by_sql = "SELECT (transforms[1].parameters->>'$.degrees')::DOUBLE FROM read_parquet(?)"
    assert [row[0] for row in duckdb.execute(by_sql, [str(path)]).fetchall()] == angles
    texts = pd.read_parquet(path)["transforms"].str[0].str["parameters"]
    assert [json.loads(text)["degrees"] for text in texts] == angles
    first = pl.col("transforms").list.first().struct.field("parameters")
    found = pl.read_parquet(path).select(first.str.json_path_match("$.degrees").cast(pl.Float64))
    assert found.to_series().to_list() == pytest.approx(angles, rel=1e-14)


def test_a_row_that_hugging_face_read_explains_its_image(
    written: Path, hugging_face: Callable[[Path], Any]
) -> None:
    import datasets

    shards = hugging_face(written / "_shards" / "*.parquet")
    row = shards.cast_column("image", datasets.Image())[5]
    settings = ImageSettings(height=16, width=16)
    source = decode((scenes_of(written) / row["source_path"]).read_bytes(), settings)
    drawn = read_back(row["transforms"])
    again = apply_chain(source, drawn, seed=42, sample_id=row["sample_id"])
    np.testing.assert_array_equal(np.asarray(row["image"]), again)

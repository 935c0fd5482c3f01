"""Batches for a consumer: what a run would write, in its order, without a file."""

import shutil
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift.catalog import load_catalog
from raydrift.engine.batches import drifted_batches
from raydrift.engine.generate import generate
from raydrift.errors import RejectedError
from raydrift.images.batch import DriftedBatch
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import generate_settings

pytestmark = pytest.mark.usefixtures("ray_session")


def settings_for(source: Path, output: Path, **values: Any) -> GenerateSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "num_samples": 20,
        "image": {"height": 32, "width": 48},
        "drift": [{"transforms": ["default:0.6"], "start": 7}],
        "embedding": {"batch_size": 8},
        "cluster": {"workers": 2},
        **values,
    }
    return generate_settings(plain)


def taken(settings: GenerateSettings) -> list[DriftedBatch]:
    with closing(drifted_batches(settings, load_catalog(settings.input), quiet=True)) as batches:
        return list(batches)


def test_they_are_what_a_run_writes(scenes: Path, tmp_path: Path) -> None:
    settings = settings_for(scenes, tmp_path)
    batches = taken(settings)
    assert [len(batch) for batch in batches] == [8, 8, 4]
    assert list(tmp_path.iterdir()) == [], "nothing is written"
    images = np.concatenate([batch.images for batch in batches])
    generate(settings, quiet=True)
    with ZipFile(tmp_path / "sampled_images.zip") as zipped:
        written = [Image.open(BytesIO(zipped.read(name))) for name in zipped.namelist()]
    np.testing.assert_array_equal(images, np.stack([np.asarray(image) for image in written]))
    target = pq.read_table(tmp_path / "target.parquet")
    for column, values in (
        ("sample_id", [batch.sample_ids for batch in batches]),
        ("timestamp", [batch.timestamps for batch in batches]),
        ("label", [batch.labels for batch in batches]),
    ):
        assert np.concatenate(values).tolist() == target[column].to_pylist()
    provenance = pq.read_table(tmp_path / "provenance.parquet")
    assert np.concatenate([b.drifted for b in batches]).tolist() == [n >= 7 for n in range(20)]
    assert np.concatenate([b.levels for b in batches]).tolist() == provenance["level"].to_pylist()
    classes = [name for batch in batches for name in batch.class_names]
    assert classes == provenance["class_name"].to_pylist()


@pytest.fixture
def with_others(scenes: Path, tmp_path: Path) -> Path:
    """Ten images of a class, the sixth of which is none."""
    folder = tmp_path / "input" / "a"
    folder.mkdir(parents=True)
    for number, path in enumerate(sorted(scenes.rglob("*.jpg"))[:10]):
        shutil.copy(path, folder / f"{number}.jpg")
    (folder / "5.jpg").write_bytes(b"no image")
    return folder.parent


def test_images_that_cannot_be_used_are_left_out(with_others: Path, tmp_path: Path) -> None:
    few = {"num_samples": 10, "shuffle": False, "embedding": {"batch_size": 5}}
    first, second = taken(settings_for(with_others, tmp_path, **few))
    assert first.sample_ids.tolist() == [0, 1, 2, 3, 4]
    assert second.sample_ids.tolist() == [6, 7, 8, 9]
    assert second.images.shape == (4, 32, 48, 3)


def test_too_many_of_them_or_any_where_none_may_be_are_an_error(
    with_others: Path, tmp_path: Path
) -> None:
    few = {"num_samples": 10, "shuffle": False}
    with pytest.raises(RejectedError, match=r"^1 of 10 images cannot be used \(first: a/5.jpg: "):
        taken(settings_for(with_others, tmp_path, **few, faults={"max_rejected": 0.05}))
    with pytest.raises(RejectedError, match=r"^a/5.jpg: not an image in a known format: stopped"):
        taken(settings_for(with_others, tmp_path, **few, faults={"on_error": "fail"}))

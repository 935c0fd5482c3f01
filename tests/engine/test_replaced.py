"""Runs that take some of their images from another set."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import raydrift
from raydrift.cli import run
from raydrift.engine.generate import generate
from raydrift.errors import OutputError
from raydrift.settings.toml import generate_settings

pytestmark = pytest.mark.usefixtures("ray_session")


def made(source: Path, output: Path, **values: Any) -> Path:
    told = {"input": str(source), "output": str(output), "image": {"height": 40, "width": 56}}
    generate(generate_settings({**told, "faults": {"max_rejected": 1}, **values}), quiet=True)
    return output


def test_images_of_another_run_come_in_the_place_of_some(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And drift on as the others do; the label stays."""
    synthetic = made(scenes, tmp_path / "synthetic", transforms=["hue:0.9"], seed=3)
    drift = {"replace": str(synthetic), "level": 0.5, "where": {"class": ["boat", "desert"]}}
    output = made(scenes, tmp_path / "out", drift=[drift])
    assert run(["inspect", str(output)]) == 0
    assert f"abrupt, start 0, where class in boat, desert, replace {synthetic}"[:60] in (
        capsys.readouterr().out.replace("\n", " ")
    )
    names = pq.read_table(synthetic / "input_mapping.parquet")["file_name"].to_pylist()
    theirs = dict(zip(names, raydrift.open(synthetic), strict=True))
    clean = raydrift.open(made(scenes, tmp_path / "clean"))
    replaced = 0
    for sample, own in zip(raydrift.open(output), clean, strict=True):
        by = sample.provenance["replaced_by"]
        assert (sample.label, sample.class_name) == (own.label, own.class_name)
        assert sample.drifted == (by is not None)
        expected = own
        if by is not None:
            replaced += 1
            expected = theirs[by.removeprefix("sampled_images.zip/")]
            assert expected.class_name == sample.class_name
        np.testing.assert_array_equal(sample.image, expected.image)
    assert 6 <= replaced <= 18  # of 24


def test_a_changed_image_of_the_set_is_read_again_and_an_unusable_one_is_rejected(
    scenes: Path, tmp_path: Path
) -> None:
    for name in ("boat", "desert"):
        shutil.copytree(scenes / name, tmp_path / "in" / name)
    folder = tmp_path / "set"
    shutil.copytree(scenes / "flower", folder / "boat")
    drift = [{"replace": str(folder), "where": {"class": "boat"}}]
    told = {"drift": drift, "write": {"shard_size": 6, "keep_shards": True}}
    output = made(tmp_path / "in", tmp_path / "out", **told)
    file = folder / "boat/flower_004.jpg"
    content = file.read_bytes()
    file.write_bytes(content)
    made(tmp_path / "in", output, **told)
    assert json.loads((output / "run.json").read_text())["notes"] == []
    file.write_bytes(bytes(len(content)))
    made(tmp_path / "in", output, **told)
    (row,) = pq.read_table(output / "rejected.parquet").to_pylist()
    assert row["stage"] == "replace"
    assert row["error"] == (
        "the image that replaces it, boat/flower_004.jpg: not an image in a known format"
    )
    file.write_bytes(content + b"longer")
    with pytest.raises(OutputError, match="the images that replace others are others"):
        made(tmp_path / "in", output, **told)

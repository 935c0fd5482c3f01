"""Experiments in which the user's model answers for each pixel."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from torch import Tensor

import raydrift
from raydrift.engine.evaluate import evaluate
from raydrift.engine.generate import generate
from raydrift.errors import TaskError
from raydrift.settings.toml import evaluate_settings, generate_settings
from tests.tasks.models import Function, save_program

pytestmark = pytest.mark.usefixtures("ray_session")

SIDE = 32
CHAIN = ["rotate", "brightness"]


def bright(pixels: Tensor) -> Tensor:
    """Whether the mean of a pixel's colours is above a half."""
    return pixels.mean(1, keepdim=True) - 0.5


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("masked")
    for number, name in enumerate(("boat", "house")):
        for image in range(4):
            picture = scenes / name / f"{name}_{image:03d}.jpg"
            place = folder / "in" / name / picture.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(picture.read_bytes())
            mask = folder / "masks" / name / f"{picture.stem}.png"
            mask.parent.mkdir(parents=True, exist_ok=True)
            grey = np.asarray(Image.open(picture).convert("L"))
            Image.fromarray((grey > 100 + 20 * number).astype(np.uint8)).save(mask)
    return folder


def plain(source: Path, output: Path, **values: Any) -> dict[str, Any]:
    return {
        "input": str(source / "in"),
        "masks": str(source / "masks"),
        "output": str(output),
        "image": {"height": SIDE, "width": SIDE},
        "cluster": {"workers": 1},
        **values,
    }


def test_its_iou_is_that_of_the_pictures_and_masks_that_generate_writes(
    source: Path, tmp_path: Path
) -> None:
    model = save_program(Function(bright), tmp_path / "bright.pt2", SIDE)
    more = {
        "transforms": CHAIN,
        "levels": "0.5,1",
        "task": {"model": str(model)},
        "embedding": {"weights": "random", "batch_size": 3},
    }
    settings = evaluate_settings(plain(source, tmp_path / "measured", **more))
    found = evaluate(settings, quiet=True).task
    assert found is not None
    assert (found.quality, found.classes) == ("mean IoU", ("foreground",))
    for level, one in zip((0.0, 0.5, 1.0), found.levels, strict=True):
        chain = [f"{name}:{level}" for name in CHAIN]
        output = tmp_path / f"at {level}"
        generate(generate_settings(plain(source, output, transforms=chain)), quiet=True)
        both = either = 0
        for sample in raydrift.open(output):
            said = sample.image.mean(axis=2) > 127.5
            both += (said & (sample.mask > 0)).sum()
            either += (said | (sample.mask > 0)).sum()
        assert one.total.samples == 8
        assert one.total.iou == pytest.approx(both / either, abs=2e-3)  # float32 at the limit
        assert one.interval[0] <= one.total.iou <= one.interval[1]
    rows = pq.read_table(tmp_path / "measured/task.parquet").to_pylist()
    assert [(row["level"], row["class_name"]) for row in rows] == [
        (level, name) for level in (None, 0.5, 1.0) for name in (None, "foreground")
    ]
    assert rows[0]["iou"] == found.levels[0].total.iou
    assert {row["accuracy"] for row in rows} == {None}
    record = json.loads((tmp_path / "measured/evaluation.json").read_text())
    assert record["task"]["levels"][0]["iou"] == rows[0]["iou"]
    page = (tmp_path / "measured/report.html").read_text()
    assert "Mean IoU by level" in page


def test_a_model_of_pixels_needs_masks(source: Path, tmp_path: Path) -> None:
    model = save_program(Function(bright), tmp_path / "bright.pt2", SIDE)
    more = {
        "transforms": ["hue"],
        "levels": "1",
        "task": {"model": str(model)},
        "embedding": {"weights": "random", "batch_size": 8},
    }
    told = plain(source, tmp_path / "out", **more)
    del told["masks"]
    with pytest.raises(TaskError, match="and the input has no masks: give --masks, or a model"):
        evaluate(evaluate_settings(told), quiet=True)

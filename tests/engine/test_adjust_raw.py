"""An adjustment on raw files, on a real Ray."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from tifffile import imwrite
from torch import nn

from raydrift import schemas
from raydrift.drift.camera.raw_sensed import common_camera, sensed_raw
from raydrift.engine.adjust import adjust
from raydrift.engine.data.adjust_work import TRAININGS
from raydrift.errors import SettingsError
from raydrift.images.png_writer import encode_png
from raydrift.images.raw.decoder import read_raw
from raydrift.report.adjustment import Adjustment
from raydrift.settings import AdjustSettings, TaskSettings
from raydrift.settings.toml import adjust_settings
from raydrift.storage import layout
from raydrift.tasks.files import find_task
from raydrift.tasks.splits import train_samples
from raydrift.tasks.training.adjuster import Adjuster
from raydrift.tasks.training.asking import Start
from raydrift.tasks.training.learner import training_seed
from raydrift.transforms import TransformInfo
from tests.tasks.models import save_program

pytestmark = pytest.mark.usefixtures("ray_session")

SIDE, CLASSES = 16, ("dark", "light")
RAW = {"files": "tiff", "cfa": "RGGB", "gains": "drone", "matrix": "drone", "view": "bi"}
DRIFT = "isp_noise:0.3"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of eight mosaics, and one of another size."""
    folder = tmp_path_factory.mktemp("raw")
    rng = np.random.default_rng(4)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir()
        for number in range(8):
            seen = rng.normal(9000 + 6000 * label, 2000, (SIDE, SIDE)).clip(0, 65535)
            imwrite(folder / name / f"{number}.tiff", seen.astype(np.uint16))
    imwrite(folder / "dark" / "wide.tiff", np.full((SIDE, SIDE + 2), 5000, np.uint16))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    network = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 2))
    return save_program(network, tmp_path_factory.mktemp("model") / "light.pt2", SIDE)


def settings_for(source: Path, output: Path, model: Path, **values: Any) -> AdjustSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "transforms": [DRIFT],
        "task": {"model": str(model)},
        "splits": 1,
        "epochs": 2,
        "batch_size": 4,
        "lr": 1e-2,
        "stages": 2,
        "image": {"height": SIDE, "width": SIDE},
        "raw": RAW,
        "faults": {"max_rejected": 1},
        **values,
    }
    return adjust_settings(plain)


@pytest.fixture(scope="module")
def adjusted(
    source: Path, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Adjustment, AdjustSettings]:
    settings = settings_for(source, tmp_path_factory.mktemp("adjusted") / "out", model)
    return adjust(settings, quiet=True), settings


def test_it_is_what_trainings_on_its_mosaics_by_hand_come_to(
    adjusted: tuple[Adjustment, AdjustSettings], source: Path, model: Path
) -> None:
    found, settings = adjusted
    output, run = Path(settings.run.output), settings.run
    assert [one.path for one in found.left_out] == ["dark/wide.tiff"]
    assert "its mosaic has 16 x 18 pixels" in found.left_out[0].error
    (batch,) = found.batches
    drifted, labels = [], []
    for sample_id, path in zip(batch.sample_ids, batch.paths, strict=True):
        mosaic = read_raw((source / path).read_bytes(), run.image, run.raw)
        _, seen = sensed_raw(
            mosaic, run.raw, [TransformInfo.parse(DRIFT)], seed=run.seed, sample_id=sample_id
        )
        drifted.append(seen.mosaic)
        labels.append(CLASSES.index(path.split("/")[0]))
    seen, right = np.stack(drifted), np.array(labels)
    files = np.unique(np.array(batch.paths, object), return_inverse=True)[1]
    train = train_samples(files, right, 0, train_size=0.8, seed=run.seed)
    camera = common_camera([sensed_raw(mosaic, run.raw)[0].facts], run.raw)
    start = Start(settings, find_task(TaskSettings(str(model))), 2, False, camera)
    curves = pq.read_table(output / layout.CURVES)
    stages = pq.read_table(output / layout.STAGES)
    predictions = pq.read_table(output / layout.PREDICTIONS)
    assert (stages.schema, predictions.schema) == (schemas.STAGES, schemas.PREDICTIONS)
    for name in TRAININGS:
        adjuster = Adjuster(start, name == "learned", training_seed(run.seed, 0))
        held = seen[~train], right[~train]
        points = adjuster.learn((seen[train], right[train]), held)
        rows = [row for row in curves.to_pylist() if row["training"] == name]
        assert [row["nll"] for row in rows] == [point.nll for point in points]
        ids = np.array(batch.sample_ids)[~train].tolist()
        said = [row for row in predictions.to_pylist() if row["training"] == name]
        assert [row["sample_id"] for row in said] == ids
        assert [row["label"] for row in said] == right[~train].tolist()
        assert [row["class_name"] for row in said] == [CLASSES[one] for one in right[~train]]
        paths = np.array(batch.paths, object)[~train].tolist()
        assert [row["source_path"] for row in said] == paths
        assert [row["predicted"] for row in said] == adjuster.logits(held).argmax(1).tolist()
        np.testing.assert_array_equal([row["logits"] for row in said], adjuster.logits(held))
        kept = [row for row in stages.to_pylist() if row["training"] == name]
        by_hand = adjuster.stages((held[0][:2], held[1][:2]))
        assert [row["sample_id"] for row in kept] == [one for one in ids[:2] for _ in by_hand]
        for row, (place, stage) in zip(
            kept, [(place, stage) for place in range(2) for stage in by_hand], strict=True
        ):
            assert (row["stage"], row["source_path"]) == (stage.name, paths[place])
            shape = (3, row["height"], row["width"])
            values = np.frombuffer(row["values"], "<f4").reshape(shape)
            np.testing.assert_array_equal(values, stage.values[place])
            gradient = np.frombuffer(row["gradient"], "<f4").reshape(shape)
            np.testing.assert_array_equal(gradient, stage.gradient[place])
            shown = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
            assert row["picture"] == encode_png(np.moveaxis(shown, 0, 2))


def test_its_program_takes_mosaics(adjusted: tuple[Adjustment, AdjustSettings]) -> None:
    output = Path(adjusted[1].run.output)
    program = torch.export.load(output / layout.ADJUSTED).module()
    assert program(torch.rand(5, SIDE, SIDE)).shape == (5, 2)
    page = (output / layout.REPORT).read_text()
    assert "which takes mosaics" in page
    assert page.count("<li><img") == 4 * 7  # of two images and both cameras each stage


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"transforms": ["isp_gamma:0.5"]}, "isp_gamma: only the sensor may drift"),
        (
            {"drift": [{"transforms": ["gaussian_blur:0.5"]}]},
            "gaussian_blur: only the sensor",
        ),
        ({"raw": RAW | {"read": "half"}}, "raw.read is 'half': a camera learns from whole mosaics"),
        ({"raw": RAW | {"read": "tile"}}, "image is '16 x 16': tiles are not resized: set"),
        ({"processor": "raw2rgb"}, "processor is 'raw2rgb'"),
        (
            {"processor": "neural_network", "image": {"height": 24, "width": 24}},
            "image is '24 x 24': with processor 'neural_network' height and width are multiples",
        ),
        (
            {"processor": "none", "learn": "none"},
            "learn is 'none': with processor",
        ),
        ({"stages": -1}, "stages is -1: give at most 100"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    source: Path, model: Path, tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        adjust(settings_for(source, tmp_path / "out", model, **values), quiet=True)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_half_size_pictures_have_no_masks(source: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "masks" / "dark").mkdir(parents=True)
    Image.fromarray(np.zeros((SIDE, SIDE), np.uint8)).save(tmp_path / "masks" / "dark" / "0.png")
    settings = settings_for(
        source, tmp_path / "out", model, processor="none", masks=str(tmp_path / "masks")
    )
    with pytest.raises(SettingsError, match="processor is 'none': its pictures have half the size"):
        adjust(settings, quiet=True)

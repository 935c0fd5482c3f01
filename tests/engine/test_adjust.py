"""An adjustment on a real Ray: what it writes, that it goes on, what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch import nn

import raydrift
from raydrift import ImageDatasetGenerator, TransformInfo, schemas
from raydrift.engine.adjust import adjust
from raydrift.engine.data.adjust_work import TRAININGS
from raydrift.errors import OutputError, SettingsError, TaskError
from raydrift.report.adjustment import Adjustment
from raydrift.settings import AdjustSettings, TaskSettings
from raydrift.settings.toml import adjust_settings
from raydrift.storage import layout
from raydrift.storage.evaluated import write_evaluation
from raydrift.tasks.files import find_task
from raydrift.tasks.model import TaskModel
from raydrift.tasks.splits import train_samples
from raydrift.tasks.training.adjuster import Adjuster
from raydrift.tasks.training.asking import Start
from raydrift.tasks.training.learner import training_seed
from tests.tasks.models import save_program

pytestmark = pytest.mark.usefixtures("ray_session")

SIZE = 32


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program of three classes that knows nothing yet."""
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 3)
    )
    return save_program(network, tmp_path_factory.mktemp("model") / "scenes.pt2", SIZE)


def settings_for(source: Path, output: Path, model: Path, **values: Any) -> AdjustSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "transforms": ["isp_sharpen:0.7"],
        "task": {"model": str(model)},
        "splits": 2,
        "epochs": 2,
        "batch_size": 5,
        "lr": 1e-2,
        "image": {"height": SIZE, "width": SIZE},
        "cluster": {"workers": 2},
        **values,
    }
    return adjust_settings(plain)


@pytest.fixture(scope="module")
def adjusted(
    source: Path,
    model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Adjustment, Path]:
    """By the Python face, whose settings are those of ``settings_for``."""
    output = tmp_path_factory.mktemp("adjusted") / "out"
    found = raydrift.adjust(
        source,
        output,
        str(model),
        [TransformInfo("isp_sharpen", 0.7)],  # type: ignore[arg-type]
        splits=2,
        epochs=2,
        batch_size=5,
        lr=1e-2,
        input_dim=SIZE,
        progress=False,
    )
    return found, output


def test_it_writes_its_files_and_nothing_else(adjusted: tuple[Adjustment, Path]) -> None:
    _, output = adjusted
    assert {path.name for path in output.iterdir()} == {
        *layout.ADJUST_RESULTS,
        layout.ADJUST_RECORD,
    } - {layout.STAGES, layout.PREDICTIONS}


def test_the_curves_are_those_of_trainings_by_hand(
    adjusted: tuple[Adjustment, Path],
    source: Path,
    model: Path,
) -> None:
    """On the pictures that ``generate`` writes."""
    found, output = adjusted
    settings = settings_for(source, output, model)
    generator = ImageDatasetGenerator(42, source, input_dim=(SIZE, SIZE), progress=False)
    generator.add_abrupt_drift([TransformInfo("isp_sharpen", 0.7)])  # type: ignore[arg-type]
    written = generator.sample(output.parent / "generated")
    pixels = np.stack([sample.image for sample in written])
    labels = np.array([sample.label for sample in written])
    paths = [sample.provenance["source_path"] for sample in written]
    files = np.unique(np.array(paths, object), return_inverse=True)[1]
    start = Start(settings, find_task(TaskSettings(str(model))), 3, has_masks=False)
    curves = pq.read_table(output / layout.CURVES)
    assert curves.schema == schemas.CURVES
    for split in range(2):
        train = train_samples(files, labels, split, train_size=0.8, seed=42)
        for name in TRAININGS:
            adjuster = Adjuster(start, name == "learned", training_seed(42, split))
            points = adjuster.learn(
                (pixels[train], labels[train]), (pixels[~train], labels[~train])
            )
            rows = [
                row
                for row in curves.to_pylist()
                if (row["training"], row["split"]) == (name, split)
            ]
            assert [row["quality"] for row in rows] == [point.quality for point in points]
            assert [row["nll"] for row in rows] == [point.nll for point in points]
            assert {row["samples"] for row in rows} == {int((~train).sum())}
    assert found.curves.learned.shape == (2, 3)


def test_the_program_is_that_of_the_best_camera(adjusted: tuple[Adjustment, Path]) -> None:
    found, output = adjusted
    cameras = json.loads((output / layout.CAMERA_NUMBERS).read_text())
    assert [sum(np.size(one) for one in camera.values()) for camera in cameras] == [132, 132]
    record = json.loads((output / layout.ADJUST_RECORD).read_text())
    assert record["adjustment"]["best"] == int(found.curves.learned[:, -1].argmax())
    assert record["counts"] | {"files": 18, "trainings": 4} == record["counts"]
    settings = TaskSettings(str(output / layout.ADJUSTED))
    logits = TaskModel(find_task(settings), settings, "cpu")(np.zeros((2, SIZE, SIZE, 3), np.uint8))
    assert logits.shape == (2, 3)


def test_one_that_was_stopped_goes_on_and_comes_to_the_same(
    adjusted: tuple[Adjustment, Path],
    source: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after the trainings, it trains none again; one worker comes to what two do."""
    settings = settings_for(source, tmp_path / "out", model, cluster={"workers": 1})
    with monkeypatch.context() as patched:
        patched.setattr("raydrift.engine.adjust.write_evaluation", _no_room)
        with pytest.raises(OutputError, match="no room"):
            adjust(settings, quiet=True)
    shards = sorted((tmp_path / "out" / layout.ADJUST_TRAININGS / layout.SHARDS).glob("part-*"))
    times = [path.stat().st_mtime_ns for path in shards]
    assert len(shards) >= 4

    def remembered(*given: Any) -> None:
        assert [path.stat().st_mtime_ns for path in shards] == times
        write_evaluation(*given)

    monkeypatch.setattr("raydrift.engine.adjust.write_evaluation", remembered)
    found = adjust(settings, quiet=True)
    assert found.curves.table.equals(adjusted[0].curves.table)
    for name in (layout.CAMERA_NUMBERS, layout.CURVES):
        assert (tmp_path / "out" / name).read_bytes() == (adjusted[1] / name).read_bytes()


def _no_room(*_: Any) -> None:
    raise OutputError("no room")


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ({"task": {"model": "no.pt2"}}, TaskError, "give the path of a model"),
        ({"train_size": 1.0}, SettingsError, "train_size is 1.0: give a share between"),
        ({"epochs": 0}, SettingsError, "epochs is 0"),
        ({"camera_lr": 0.0}, SettingsError, "camera_lr is 0.0: give a number above 0"),
        ({"learn": "first"}, SettingsError, "learn is 'first'"),
        ({"batch_size": 1}, SettingsError, "batch_size is 1: give at least 2"),
        ({"augmentation": "wild"}, SettingsError, "augmentation is 'wild'"),
        ({"splits": 19}, SettingsError, "splits is 19, and the images are of"),
        ({"num_samples": 2}, SettingsError, "has images of"),
        ({"image": {"height": 16, "width": 16}}, TaskError, "it fails on images of 16 x 16"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    source: Path,
    model: Path,
    tmp_path: Path,
    values: dict[str, Any],
    error: type[Exception],
    said: str,
) -> None:
    with pytest.raises(error) as caught:
        adjust(settings_for(source, tmp_path / "out", model, **values), quiet=True)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("camera", [{"gamma": 1.5}, {"mode": "full"}, {"view": "bi,s,ga"}])
def test_another_reference_camera_is_another_adjustment(
    adjusted: tuple[Adjustment, Path],
    source: Path,
    model: Path,
    camera: dict[str, Any],
) -> None:
    """Whatever the drift is: the camera that learns begins as it."""
    with pytest.raises(OutputError, match=r"holds another adjustment .*camera"):
        adjust(settings_for(source, adjusted[1], model, camera=camera), quiet=True)


def test_another_adjustment_is_not_replaced_unasked(
    adjusted: tuple[Adjustment, Path],
    source: Path,
    model: Path,
) -> None:
    with pytest.raises(OutputError, match=r"holds another adjustment .*epochs"):
        adjust(settings_for(source, adjusted[1], model, epochs=3), quiet=True)

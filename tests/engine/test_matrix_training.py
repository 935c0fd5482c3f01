"""A matrix of trained networks on a real Ray: its numbers by hand, and that it goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

import raydrift
from raydrift import schemas
from raydrift.embed.state import read_tensors
from raydrift.engine.matrix import matrix
from raydrift.errors import PipelineError, SettingsError
from raydrift.report.matrix import Matrix
from raydrift.settings import TrainSettings
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.toml import matrix_settings
from raydrift.storage import layout
from raydrift.tasks.classification import ClassificationCounts
from raydrift.tasks.splits import train_samples
from raydrift.tasks.training.learner import Learner, training_seed
from tests.engine.test_matrix import FILES, TWO, shards_in

pytestmark = pytest.mark.usefixtures("ray_session")

SIZE = {"height": 32, "width": 32}
TRAIN = {"network": "resnet18", "epochs": 3, "batch_size": 6, "augmentation": "weak"}
WITHOUT_DIVERGENCE = FILES - {layout.VIEW_DIVERGENCE}


def settings_for(source: Path, output: Path, **values: Any) -> MatrixSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "views": TWO,
        "splits": 2,
        "divergence": "none",
        "image": SIZE,
        "train": TRAIN,
        "embedding": {"weights": "random", "batch_size": 7},
        "cluster": {"workers": 2},
        **values,
    }
    return matrix_settings(plain)


@pytest.fixture(scope="module")
def masks(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of each scene what is more blue than red."""
    folder = tmp_path_factory.mktemp("masks")
    for path in source.glob("*/*_*.jpg"):
        with Image.open(path) as image:
            pixels = np.asarray(image).astype(int)
        place = (folder / path.relative_to(source)).with_suffix(".png")
        place.parent.mkdir(exist_ok=True)
        Image.fromarray((pixels[..., 2] > pixels[..., 0]).astype(np.uint8) * 255).save(place)
    return folder


@pytest.fixture(scope="module")
def output(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Matrix]:
    """By the Python face, whose settings are those of ``settings_for``."""
    folder = tmp_path_factory.mktemp("trained") / "out"
    return folder, raydrift.matrix(
        source,
        folder,
        TWO,
        splits=2,
        divergence="none",
        train=TrainSettings(**TRAIN, keep_models=True),  # type: ignore[arg-type]
        input_dim=(32, 32),
        progress=False,
    )


def test_it_writes_its_files_and_nothing_else(output: tuple[Path, Matrix]) -> None:
    folder, found = output
    assert {path.name for path in folder.iterdir()} == WITHOUT_DIVERGENCE | {"models"}
    models = {path.name for path in (folder / "models").iterdir()}
    assert models == {f"{view}-{split}.pt" for view in ("bi_s_ga", "me_u_me") for split in (0, 1)}
    assert pq.read_table(folder / layout.MATRIX).schema == schemas.MATRIX
    record = json.loads((folder / layout.MATRIX_RECORD).read_text())
    assert record["counts"] == {
        "asked": 19, "measured": 18, "files": 18, "rejected": 1, "batches": 1, "views": 2,
        "fits": 4,
    }  # fmt: skip
    assert found.trained is not None
    assert (found.probe, found.divergence, found.learner) == (None, None, "ResNet18")
    assert record["trained"]["accuracy"] == found.trained.means.accuracy.tolist()
    assert "probe" not in record
    assert record["identity"]["train"] == {
        "network": "resnet18", "epochs": 3, "lr": 0.001, "batch_size": 6, "augmentation": "weak",
        "weights": "random-42", "normalize": "none",
    }  # fmt: skip
    assert record["identity"]["embedding"] is None, "no network was asked for embeddings"
    page = (folder / layout.REPORT).read_text(encoding="utf-8")
    assert "ResNet18, from drawn weights, by cross entropy: Adam, learning rate 0.001" in page
    command = page.split('class="command mono">')[1].split("</p>")[0]
    words = command.replace("<span>", "").replace("</span>", "").split()
    assert words[words.index("--train") : words.index("--lr")] == [
        "--train", "resnet18", "--epochs", "3",
    ]  # fmt: skip


def test_the_networks_are_those_of_the_written_pictures_by_hand(
    output: tuple[Path, Matrix], source: Path, tmp_path: Path
) -> None:
    sets = raydrift.views(source, tmp_path, TWO, input_dim=(32, 32), progress=False)
    pixels = {code: np.stack([one.image for one in pictures]) for code, pictures in sets.items()}
    paths = [one.provenance["source_path"] for one in sets[TWO[0]]]
    _, files = np.unique(paths, return_inverse=True)
    _, labels = np.unique([path.split("/")[0] for path in paths], return_inverse=True)
    train = train_samples(files, labels, 1, seed=42)
    settings = TrainSettings(**TRAIN)  # type: ignore[arg-type]
    learner = Learner(settings, 3, None, training_seed(42, 1))
    learner.learn(pixels[TWO[1]][train], labels[train])
    rows = pq.read_table(output[0] / layout.MATRIX).to_pylist()
    for tested in TWO:
        counts = learner.counts(pixels[tested][~train], labels[~train])
        assert isinstance(counts, ClassificationCounts)
        wanted = (TWO[1], tested, 1, 3, counts.total.accuracy, counts.total.f1)
        assert wanted in [tuple(row.values()) for row in rows]
    kept = read_tensors((output[0] / "models" / "me_u_me-1.pt").read_bytes())
    mine = read_tensors(learner.file(32, 32))
    assert all(torch.equal(one, kept[name]) for name, one in mine.items())


@pytest.mark.slow
def test_one_worker_and_a_divergence_beside_it_change_no_score(
    output: tuple[Path, Matrix], source: Path, tmp_path: Path
) -> None:
    settings = settings_for(
        source, tmp_path, cluster={"workers": 1}, divergence="kl_softmax", num_samples=19
    )
    matrix(settings, quiet=True)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    here, there = (pq.read_table(one / layout.MATRIX) for one in (tmp_path, output[0]))
    assert here.equals(there)


# A driver whose workers keep a checkpoint after each step.
DRIVER = """
import sys
from dataclasses import replace
from raydrift.engine import matrix as module
from raydrift.settings.toml import matrix_settings
import json
make = module.train_job
module.train_job = lambda *given: replace(make(*given), every=0.0)
module.matrix(matrix_settings(json.loads(sys.argv[1])), quiet=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_in_a_training_it_goes_on_to_the_same_bits(source: Path, tmp_path: Path) -> None:
    plain = {
        "input": str(source),
        "output": str(tmp_path / "out"),
        "views": TWO,
        "splits": 2,
        "divergence": "none",
        "image": SIZE,
        "train": TRAIN | {"epochs": 6, "keep_models": True},
        "cluster": {"workers": 1},
    }
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, json.dumps(plain)],
        start_new_session=True,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        fits = tmp_path / "out" / layout.VIEW_FITS
        end = time.monotonic() + 200
        while not (shards_in(fits) and list((fits / layout.CHECKPOINTS).glob("fit-*.pt"))):
            assert driver.poll() is None, "it ended before it was killed"
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()
    done = shards_in(fits)
    assert 0 < len(done) < 4
    matrix(matrix_settings(plain), quiet=True)
    whole = plain | {"output": str(tmp_path / "whole")}
    matrix(matrix_settings(whole), quiet=True)
    for name in (layout.MATRIX, *(f"models/bi_s_ga-{split}.pt" for split in (0, 1))):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not fits.exists()


@pytest.mark.slow
def test_a_unet_is_measured_by_its_masks(source: Path, masks: Path, tmp_path: Path) -> None:
    """Of all images alike, whatever their class."""
    alone = tmp_path / "in" / "all"
    shutil.copytree(source / "desert", alone)
    own = tmp_path / "masks" / "all"
    shutil.copytree(masks / "desert", own)
    train = {"network": "unet", "epochs": 2, "batch_size": 4, "keep_models": True}
    values = {"masks": str(own.parent), "train": train}
    found = matrix(settings_for(alone.parent, tmp_path / "out", **values), quiet=True)
    assert found.trained is not None
    assert found.trained.means.name == "iou"
    table = pq.read_table(tmp_path / "out" / layout.MATRIX)
    assert table.schema == schemas.MATRIX_IOU
    assert all(0 <= one <= 1 for one in table["iou"].to_pylist())
    assert set(table["samples"].to_pylist()) == {1}
    record = json.loads((tmp_path / "out" / layout.MATRIX_RECORD).read_text())
    assert set(record["trained"]) >= {"iou", "iou_sd", "drop", "mean_drop"}
    assert len(list((tmp_path / "out" / "models").glob("*.pt2"))) == 4


@pytest.mark.slow
def test_a_training_that_comes_to_nothing_says_so(source: Path, tmp_path: Path) -> None:
    settings = settings_for(source, tmp_path, train=TRAIN | {"lr": 1e30, "epochs": 9})
    with pytest.raises(PipelineError, match=r"^the training came to a loss of .*: give a smaller"):
        matrix(settings, quiet=True)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"train": {"network": "unet"}}, "train.network is 'unet', which learns masks, and the im"),
        ({"num_samples": 1}, "train.network is 'resnet18', and all images are of the class '"),
    ],
)
def test_what_cannot_be_learned_is_refused_before_any_work(
    source: Path, tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        matrix(settings_for(source, tmp_path / "out", **values), quiet=True)
    assert str(caught.value).startswith(said)
    assert not (tmp_path / "out").exists()


def test_masks_of_too_few_files_are_refused(source: Path, masks: Path, tmp_path: Path) -> None:
    values = {"masks": str(masks), "train": {"network": "unet"}, "num_samples": 2}
    with pytest.raises(SettingsError) as caught:
        matrix(settings_for(source, tmp_path / "out", **values), quiet=True)
    assert str(caught.value) == (
        "the images are of 2 files, of which train_size 0.8 leaves 1 to learn from: "
        "give more files, or a larger train_size"
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_photographs_a_network_beats_chance_on_every_pair(
    photos: Path, trained_weights: Path, tmp_path: Path
) -> None:
    train = {
        "network": "resnet18",
        "epochs": 3,
        "batch_size": 8,
        "lr": 1e-4,
        "weights": str(trained_weights),
        "normalize": "imagenet",
    }
    values = {"image": {"height": 96, "width": 96}, "train": train}
    found = matrix(settings_for(photos, tmp_path, **values), quiet=True)
    assert found.trained is not None
    assert found.trained.accuracy.min() > 0.4, "seven classes, the largest of them 36 %"

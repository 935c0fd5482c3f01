"""The published experiments: their files are valid, and read the published folders."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tifffile import imwrite

from raydrift.catalog import catalog_of
from raydrift.engine.adjust import adjust
from raydrift.engine.learnable import learnable
from raydrift.engine.matrix import matrix
from raydrift.settings import TrainSettings
from raydrift.settings.toml import adjust_settings, forensics_settings, matrix_settings, read_toml
from raydrift.tasks.training.networks import make_network

PAPER = Path(__file__).parents[2] / "jobs" / "paper"
SIDE = 32
WHITE = 2**16
GREY = (0.637, 0.193, 0.078)


ARGUMENTS = (
    "tracking_uri", "processor_uri", "classifier_uri", "state_dict_uri", "experiment_name",
    "run_name", "log_model", "save_locally", "track_processing", "track_processing_gradients",
    "track_save_tensors", "track_predictions", "track_n_images", "track_every_epoch", "seed",
    "dataset", "n_splits", "train_size", "lr", "epochs", "batch_size", "augmentation",
    "check_val_every_n_epoch", "processing_mode", "classifier_network", "classifier_pretrained",
    "smp_encoder", "freeze_processor", "freeze_classifier", "sp_debayer", "sp_sharpening",
    "sp_denoising", "adv_training", "adv_aux_weight", "adv_aux_loss", "adv_noise_layer",
    "adv_track_differences", "adv_parameters", "cache_downloaded_models", "test_run", "iso",
)  # fmt: skip
"""Of the published program; the last one stands in its commands alone."""


def values_of(name: str, data: Path) -> dict[str, Any]:
    """The settings of a file, with the folder of the datasets in the place of /data."""

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: placed(one) for key, one in value.items()}
        return value.replace("/data/", f"{data}/") if isinstance(value, str) else value

    found: dict[str, Any] = placed(read_toml(str(PAPER / f"{name}.toml")))
    return found


def mosaic(path: Path, light: float, seed: int) -> None:
    """Something grey, as the microscope's sensor sees it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seen = np.random.default_rng(seed).normal(light, 0.1 * light, (SIDE, SIDE)).clip(0, 1)
    for row, column, colour in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        seen[row::2, column::2] *= GREY[colour]
    imwrite(path, (seen * (WHITE - 1)).astype(np.uint16))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both datasets as they are published, with few and small images."""
    root = tmp_path_factory.mktemp("data")
    microscopy, drone = root / "microscopy", root / "drone"
    lines = []
    for number in range(18):
        stem = f"Ma190c_lame1_zone{number}_composite_Mcropped_{number % 3}"
        mosaic(
            microscopy / "images/raw_scale100" / f"{stem}.tiff", 0.3 + 0.3 * (number % 2), number
        )
        lines.append(f"{stem} {('BAS', 'LYT')[number % 2]}")
    for stem, kind in (("Ma190c_lame3_zone13_composite_Mcropped_2", "BAS"), ("Ma190c_rare", "NGB")):
        mosaic(microscopy / "images/raw_scale100" / f"{stem}.tiff", 0.5, 99)
        lines.append(f"{stem} {kind}")
    (microscopy / "labels").mkdir()
    (microscopy / "labels/Ma190c_annotations.dat").write_text("\n".join(lines) + "\n")
    tiles = ["file name,label"]
    for number in range(12):
        name = f"{number // 4:02d}_{number:05d}"
        mosaic(drone / "images_tiles_256/raw_scale100" / f"{name}.tif", 0.4, number)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[4:20, 4:20] = 255
        (drone / "masks_tiles_256").mkdir(exist_ok=True)
        Image.fromarray(mask).save(drone / "masks_tiles_256" / f"{name}.png")
        folder = drone / "classification/images_tiles_256/raw_scale100_thr_0.01"
        mosaic(folder / f"{name}.tif", 0.3 + 0.3 * (number % 2), number)
        tiles.append(f"{name}.tif,{number % 2}")
    (drone / "classification/dataset_tiles_256_72_0.01.csv").write_text("\n".join(tiles) + "\n")
    return root


def test_microscopys_labels_are_read_and_its_rare_classes_left_out(data: Path) -> None:
    settings = matrix_settings(values_of("synthesis_microscopy", data))
    catalog = catalog_of(settings.run)
    assert catalog.counts() == {"BAS": 9, "LYT": 9}
    assert catalog.ignored == {
        "image excluded by catalog.exclude": 1,
        "image of a class with fewer than 5 images": 1,
    }
    searched = forensics_settings(values_of("forensics_microscopy", data))
    assert catalog_of(searched.run).digest() == catalog.digest()
    assert adjust_settings(values_of("adjust_microscopy", data)).processor == "parametrized"


def test_drones_tiles_have_their_masks_and_belong_to_their_photographs(data: Path) -> None:
    settings = matrix_settings(values_of("synthesis_drone", data))
    catalog = catalog_of(settings.run)
    assert catalog.table["mask"].to_pylist()[0] == "00_00000.png"
    assert catalog.table["mask"].null_count == 0
    sources = settings.run.catalog.sources(catalog.table["path"].to_pylist())
    assert learnable(sources, [0] * 12, ["all"] * 12, masks=True).count == 3
    asked = matrix_settings(values_of("synthesis_drone_tiles", data))
    tiles = catalog_of(asked.run)
    assert (tiles.counts(), tiles.labels) == ({"0": 6, "1": 6}, {"0": 0, "1": 1})
    index = tiles.table["class_index"].to_pylist()
    paths = asked.run.catalog.sources(tiles.table["path"].to_pylist())
    learnable(paths, index, ["01"[one] for one in index]).check(asked.splits)


def test_the_readme_has_every_file_and_every_published_argument() -> None:
    text = (PAPER / "README.md").read_text()
    assert set(re.findall(r"\]\((\w+\.toml)\)", text)) == {
        path.name for path in PAPER.glob("*.toml")
    }
    missing = [name for name in ARGUMENTS if not re.search(rf"--{name}\b", text)]
    assert missing == []


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_synthesis_runs_on_a_small_copy(data: Path, tmp_path: Path) -> None:
    values = values_of("synthesis_microscopy", data) | {
        "output": str(tmp_path / "out"),
        "views": ["bi,s,me", "me,u,ga"],
        "splits": 2,
        "corruptions": "3",
        "image": {"height": SIDE, "width": SIDE},
    }
    values["train"] |= {"epochs": 4, "lr": 1e-3}
    found = matrix(matrix_settings(values), quiet=True)
    assert found.trained is not None
    assert found.trained.means.quality.shape == (2, 2)
    assert found.trained.means.quality.diagonal().min() > 0.6


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("processor", ["parametrized", "neural_network", "none"])
def test_adjustment_runs_on_a_small_copy(data: Path, tmp_path: Path, processor: str) -> None:
    torch.save(
        make_network(TrainSettings("resnet18"), 2, None, seed=1).state_dict(), tmp_path / "w"
    )
    values = values_of("adjust_microscopy", data) | {
        "input": str(data / "microscopy/images/raw_scale100"),
        "output": str(tmp_path / "out"),
        "task": {"model": f"resnet18:{tmp_path / 'w'}"},
        "processor": processor,
        "splits": 1,
        "epochs": 3,
        "lr": 1e-3,
        "image": {"height": SIDE, "width": SIDE},
    }
    found = adjust(adjust_settings(values), quiet=True)
    assert found.curves.frozen.shape == found.curves.learned.shape == (1, 4)
    assert found.kept["predictions.parquet"].num_rows == 2 * 4

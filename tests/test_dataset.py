"""What a run wrote, read back: merged and before, by every road the same."""

import io
import json
import pickle
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.transforms import v2

import raydrift
from raydrift import DriftedDataset
from raydrift.errors import OutputError
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from tests.made_shards import make_shards


@pytest.fixture(scope="module")
def outputs(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same run, merged and not; one of its images cannot be used."""
    source = tmp_path_factory.mktemp("source")
    for name in ("boat", "desert"):
        (source / name).symlink_to(scenes / name)
    (source / "broken").mkdir()
    (source / "broken" / "x.png").write_bytes(b"no image")
    found = {}
    for name in ("merged", "shards"):
        found[name] = tmp_path_factory.mktemp(name)
        run = {
            "input": str(source),
            "output": str(found[name]),
            "transforms": ["rotate:0.3", "gaussian_noise:0.2"],
            "image": {"height": 16, "width": 24},
            "embedding": {"compute": True},
            "write": {"organize_by_class": name == "merged"},
        }
        output = make_shards(generate_settings(run), 7)
        if name == "merged":
            finalize(output)
    return found


@pytest.fixture(scope="module", params=["merged", "shards"])
def dataset(request: pytest.FixtureRequest, outputs: dict[str, Path]) -> DriftedDataset:
    return raydrift.open(outputs[request.param])


@pytest.fixture(scope="module")
def images(outputs: dict[str, Path]) -> list[np.ndarray]:
    with ZipFile(outputs["merged"] / "sampled_images.zip") as file:
        members = [file.read(name) for name in file.namelist()]
    return [np.asarray(Image.open(io.BytesIO(member))) for member in members]


def test_its_items_are_what_the_files_hold(
    dataset: DriftedDataset, outputs: dict[str, Path], images: list[np.ndarray]
) -> None:
    rows = pq.read_table(outputs["merged"] / "provenance.parquet").to_pylist()
    targets = pq.read_table(outputs["merged"] / "target.parquet").to_pylist()
    assert len(dataset) == len(rows) == len(images) == 24
    for sample, row, target, image in zip(dataset, rows, targets, images, strict=True):
        assert (sample.image == image).all()
        assert sample.image.dtype == np.uint8
        assert {name: getattr(sample, name) for name in target} == target
        for name in ("class_name", "drifted", "level"):
            assert getattr(sample, name) == row[name]
        for step in row["transforms"]:
            step["parameters"] = json.loads(step["parameters"])
        assert sample.provenance == row


def test_an_item_is_found_by_its_place(dataset: DriftedDataset, images: list[np.ndarray]) -> None:
    assert (dataset[17].image == images[17]).all()
    assert dataset[-1].sample_id == dataset[23].sample_id
    for place in (24, -25):
        with pytest.raises(IndexError):
            dataset[place]


def test_its_tables_are_those_of_the_run(dataset: DriftedDataset, outputs: dict[str, Path]) -> None:
    merged = outputs["merged"]
    assert dataset.target.equals(pq.read_table(merged / "target.parquet"))
    assert dataset.provenance.equals(pq.read_table(merged / "provenance.parquet"))
    embeddings = dataset.embeddings
    assert embeddings is not None
    assert embeddings.equals(pq.read_table(merged / "embeddings.parquet"))
    assert dataset.mapping.column_names == ["sample_id", "timestamp", "file_name"]
    assert dataset.classes == {"boat": 0, "broken": 1, "desert": 2}


def test_pandas_has_a_row_a_sample(dataset: DriftedDataset) -> None:
    frame = dataset.to_pandas()
    assert len(frame) == 24
    assert {"sample_id", "file_name", "label", "class_name", "level", "transforms"} <= {*frame}
    assert frame["label"].tolist() == dataset.target["label"].to_pylist()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_reads_it_without_unpacking(
    dataset: DriftedDataset, images: list[np.ndarray], workers: int
) -> None:
    context = "spawn" if workers else None
    loader = DataLoader(
        dataset.to_torch(), batch_size=8, num_workers=workers, multiprocessing_context=context
    )
    batches = list(loader)
    pixels = torch.cat([batch for batch, _ in batches])
    assert (pixels.dtype, tuple(pixels.shape)) == (torch.uint8, (24, 3, 16, 24))
    assert (pixels.permute(0, 2, 3, 1).numpy() == np.stack(images)).all()
    labels = torch.cat([labels for _, labels in batches]).tolist()
    assert labels == dataset.target["label"].to_pylist()


def test_torchvisions_transforms_go_with_it(dataset: DriftedDataset) -> None:
    samples = dataset.to_torch(v2.Compose([v2.Resize(8), v2.ToDtype(torch.float32, scale=True)]))
    image, label = samples[3]
    assert (image.dtype, tuple(image.shape)) == (torch.float32, (3, 8, 12))
    assert label == dataset[3].label


@pytest.mark.usefixtures("ray_session")
def test_ray_reads_it(dataset: DriftedDataset, images: list[np.ndarray]) -> None:
    rows: list[dict[str, Any]] = sorted(
        dataset.to_ray().take_all(), key=lambda row: int(row["sample_id"])
    )
    assert len(rows) == 24
    for row, image in zip(rows, images, strict=True):
        assert (row["image"] == image).all()
    assert [row["label"] for row in rows] == dataset.target["label"].to_pylist()


def test_hugging_face_reads_it(
    dataset: DriftedDataset,
    images: list[np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    found = dataset.to_hf()
    assert found.features["label"].names == ["boat", "broken", "desert"]
    assert len(found) == 24
    assert (np.asarray(found[5]["image"]) == images[5]).all()
    assert found[5]["label"] == dataset[5].label


def test_it_can_be_pickled(dataset: DriftedDataset) -> None:
    before = dataset[20]
    again = pickle.loads(pickle.dumps(dataset))
    assert (again[20].image == before.image).all()
    assert again[20].provenance == before.provenance


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"has no run\.json: give the output folder of a"):
        raydrift.open(tmp_path)


def test_a_damaged_image_is_told(outputs: dict[str, Path], tmp_path: Path) -> None:
    for path in outputs["merged"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "sampled_images.zip"
    data = bytearray(path.read_bytes())
    place = data.index(b"IHDR")
    data[place : place + 4] = b"XXXX"
    path.write_bytes(data)
    with pytest.raises(OutputError, match=r"image 0 is damaged: see raydrift inspect"):
        raydrift.open(tmp_path).image(0)
    path.write_bytes(data[:-7])
    with pytest.raises(OutputError, match=r"sampled_images\.zip cannot be read \(does not end as"):
        raydrift.open(tmp_path).image(0)

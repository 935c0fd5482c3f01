"""Runs whose samples have masks: they move with the pixels, and are written beside."""

import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import raydrift
from raydrift.drift.chain import replay_sample
from raydrift.drift.written import read_back
from raydrift.engine.generate import generate
from raydrift.engine.views import views
from raydrift.images.codec import decode_image
from raydrift.images.masks import resized_mask
from raydrift.images.pixels import Sample
from raydrift.paths import StoragePath
from raydrift.report.inspection import inspect_output
from raydrift.settings.toml import generate_settings, views_settings
from tests.raw_files import dng, noise

pytestmark = pytest.mark.usefixtures("ray_session")

CHAIN = ["rotate:0.6", "hue:0.3", "shear:0.5"]
SIZE = {"height": 40, "width": 56}


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight boats."""
    folder = tmp_path_factory.mktemp("masked") / "in"
    (folder / "boat").mkdir(parents=True)
    for number in range(8):
        name = f"boat/boat_{number:03d}.jpg"
        (folder / name).write_bytes((scenes / name).read_bytes())
    return folder


def labels(number: int, height: int = 240, width: int = 320) -> np.ndarray:
    """Blocks of labels, other ones for each image."""
    rows, columns = np.ogrid[:height, :width]
    return ((rows // 30 + columns // 40 + number) % 5).astype(np.uint8)


@pytest.fixture
def masks(source: Path, tmp_path: Path) -> Path:
    for number, path in enumerate(sorted(source.rglob("*.jpg"))):
        place = tmp_path / "masks" / path.relative_to(source).with_suffix(".png")
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(labels(number)).save(place)
    return tmp_path / "masks"


def plain(source: Path, masks: Path, output: Path, **values: Any) -> dict[str, Any]:
    return {
        "input": str(source),
        "masks": str(masks),
        "output": str(output),
        "image": SIZE,
        "faults": {"max_rejected": 1},
        **values,
    }


def made(source: Path, masks: Path, output: Path, **values: Any) -> Path:
    told = plain(source, masks, output, **{"transforms": CHAIN, **values})
    generate(generate_settings(told), quiet=True)
    return output


def test_a_mask_moves_with_its_image(source: Path, masks: Path, tmp_path: Path) -> None:
    output = made(source, masks, tmp_path / "out", write={"organize_by_class": True})
    settings = generate_settings(json.loads((output / "run.json").read_text())["settings"])
    found = raydrift.open(output)
    for sample in found:
        path = sample.provenance["source_path"]
        number = int(path[-7:-4])
        image = decode_image((source / path).read_bytes(), settings.image)
        before = Sample(image.pixels, mask=resized_mask(labels(number), settings.image))
        row = pq.read_table(output / "provenance.parquet").slice(sample.sample_id, 1).to_pylist()[0]
        again = replay_sample(
            before,
            read_back(row["transforms"]),
            seed=settings.seed,
            sample_id=sample.sample_id,
            profile=settings.profile,
        )
        assert again.mask is not None
        np.testing.assert_array_equal(sample.mask, again.mask)
        np.testing.assert_array_equal(sample.image, again.pixels)
    with ZipFile(output / "masks.zip") as of_masks, ZipFile(output / "sampled_images.zip") as zip_:
        assert of_masks.namelist() == zip_.namelist()
        assert of_masks.testzip() is None
    assert inspect_output(StoragePath.of(output)).problems == []


def test_any_workers_and_shards_make_the_same_masks(
    source: Path, masks: Path, tmp_path: Path
) -> None:
    one = made(source, masks, tmp_path / "1", cluster={"workers": 1}, write={"shard_size": 8})
    two = made(source, masks, tmp_path / "2", cluster={"workers": 2}, write={"shard_size": 3})
    for name in ("masks.zip", "sampled_images.zip", "provenance.parquet"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_images_without_a_mask_that_fits_are_rejected(
    source: Path, masks: Path, tmp_path: Path
) -> None:
    (masks / "boat/boat_001.png").unlink()
    (masks / "boat/boat_002.png").write_bytes(b"no mask")
    Image.fromarray(labels(3, 20, 30)).save(masks / "boat/boat_003.png")
    output = made(source, masks, tmp_path / "out")
    rejected = pq.read_table(output / "rejected.parquet").to_pylist()
    assert {(row["path"][-7:-4], row["stage"], row["error"]) for row in rejected} == {
        ("001", "mask", "it has no mask"),
        (
            "002",
            "mask",
            "its mask cannot be decoded: what it says of itself contradicts its format",
        ),
        (
            "003",
            "mask",
            "its mask has 20 x 30 pixels, the image 240 x 320: give each image a mask of its size, "
            "upright",
        ),
    }
    assert len(raydrift.open(output)) == 5


def test_a_mask_that_was_changed_is_drifted_again(
    source: Path, masks: Path, tmp_path: Path
) -> None:
    output = made(source, masks, tmp_path / "out", write={"shard_size": 2})
    before = (output / "masks.zip").read_bytes()
    touched = masks / "boat/boat_004.png"
    touched.touch()
    made(source, masks, output, write={"shard_size": 2})
    assert (output / "masks.zip").read_bytes() == before
    Image.fromarray(labels(7)).save(touched)
    made(source, masks, output, write={"shard_size": 2, "overwrite": True})
    assert (output / "masks.zip").read_bytes() != before


def test_shards_that_are_not_merged_have_masks_too(
    source: Path, masks: Path, tmp_path: Path
) -> None:
    output = made(source, masks, tmp_path / "out", write={"finalize": False})
    assert raydrift.open(output)[0].mask.shape == (40, 56)


@pytest.mark.parametrize("container", ["zips", "webdataset", "tables"])
def test_every_container_has_its_masks(
    container: str, source: Path, masks: Path, tmp_path: Path
) -> None:
    one = made(source, masks, tmp_path / "zip")
    write = {"container": container, "keep_shards": True}
    other = made(source, masks, tmp_path / container, write=write)
    if container == "zips":
        assert (other / "masks.zip").read_bytes() == (one / "masks.zip").read_bytes()
    if container == "webdataset":
        assert not (other / "masks.zip").exists()
        expected = raydrift.open(one)
        with tarfile.open(other / "sampled_images-000000.tar") as tar:
            names = tar.getnames()
            assert names[:4] == [f"00000000.{one}" for one in ("png", "mask.png", "cls", "json")]
            for place in range(8):
                member = tar.extractfile(f"{place:08d}.mask.png")
                assert member is not None
                found = np.asarray(Image.open(BytesIO(member.read())))
                np.testing.assert_array_equal(found, expected[place].mask)
    if container == "tables":
        assert not (other / "masks.zip").exists()
    assert inspect_output(StoragePath.of(other)).problems == []


def test_each_view_has_the_masks(source: Path, masks: Path, tmp_path: Path) -> None:
    told = plain(source, masks, tmp_path / "out", views=["bi,s,ga", "ma,u,me"])
    views(views_settings(told), quiet=True)
    for code in ("bi_s_ga", "ma_u_me"):
        found = raydrift.open(tmp_path / "out" / code)
        for sample in found:
            number = int(sample.provenance["source_path"][-7:-4])
            expected = resized_mask(labels(number), raydrift.settings.ImageSettings(40, 56))
            np.testing.assert_array_equal(sample.mask, expected)


def test_masks_of_raw_files_are_cut_and_turned_with_them(tmp_path: Path) -> None:
    mosaic = noise(64, 96)
    (tmp_path / "in/x").mkdir(parents=True)
    (tmp_path / "in/x/1.dng").write_bytes(dng(mosaic, orientation=6))
    (tmp_path / "masks/x").mkdir(parents=True)
    mask = (np.arange(64 * 96).reshape(64, 96) % 251).astype(np.uint8)
    Image.fromarray(mask).save(tmp_path / "masks/x/1.png")
    values = {"transforms": ["isp:0.5"], "image": {"height": 32, "width": 32}}
    raw = {"read": "tile", "tile": 32}
    for source in (tmp_path / "tiles", tmp_path / "whole"):
        more = {"raw": raw if source.name == "tiles" else {}, **values}
        made(tmp_path / "in", tmp_path / "masks", source, **more)
    tiles = raydrift.open(tmp_path / "tiles")
    assert len(tiles) == 6
    for sample in tiles:
        row, column = (sample.provenance[name] for name in ("row", "column"))
        cut = mask[row : row + 32, column : column + 32]
        np.testing.assert_array_equal(sample.mask, np.rot90(cut, -1))  # as orientation 6 says
    (whole,) = raydrift.open(tmp_path / "whole")
    settings = raydrift.settings.ImageSettings(32, 32)
    np.testing.assert_array_equal(whole.mask, resized_mask(np.rot90(mask, -1), settings))

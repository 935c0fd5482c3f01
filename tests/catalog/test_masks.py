"""Which mask an image has."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import Catalog, catalog_of
from raydrift.errors import CatalogError
from raydrift.settings.toml import generate_settings


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, ns=(0, 0))
    return folder


def listed(source: Path, masks: Path | None = None, **values: Any) -> Catalog:
    plain = {"input": str(source), "output": "out", "shuffle": False, **values}
    return catalog_of(generate_settings(plain | ({} if masks is None else {"masks": str(masks)})))


def test_a_mask_has_its_images_path_but_for_the_suffix(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "a/1.jpg", "a/deep/2.v2.png", "b/3.tif")
    masks = files(tmp_path / "masks", "a/1.png", "a/deep/2.v2.PNG", "a/readme.txt", "c/3.png")
    catalog = listed(source, masks)
    assert catalog.table["mask"].to_pylist() == ["a/1.png", "a/deep/2.v2.PNG", None]
    assert catalog.masks is not None
    assert catalog.masks.path == str(masks)
    assert catalog.notes == ("2 of 3 images have a mask",)
    tasks = catalog.samples(np.arange(3), 0, 3, shard=0, first_timestamp=0.0, delta_timestamp=1.0)
    assert tasks["mask"].to_pylist() == ["a/1.png", "a/deep/2.v2.PNG", None]


def test_a_part_of_the_input_has_its_part_of_the_masks(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "train/a/1.jpg", "test/a/1.jpg")
    whole = files(tmp_path / "masks", "train/a/1.png")
    part = files(tmp_path / "part", "a/1.png")
    for masks in (whole, part):
        assert listed(source, masks, split="train").table["mask"].to_pylist() == ["a/1.png"]


def test_a_manifest_says_it(tmp_path: Path) -> None:
    files(tmp_path, "1.jpg", "2.jpg", "m/1.png")
    rows = {"path": ["1.jpg", "2.jpg"], "class": ["a", "a"], "mask": ["m/1.png", None]}
    pq.write_table(pa.table(rows), tmp_path / "list.parquet")
    catalog = listed(tmp_path / "list.parquet")
    assert catalog.table["mask"].to_pylist() == ["m/1.png", None]
    numbers = {**rows, "mask": [1, 2]}  # which are no paths
    pq.write_table(pa.table(numbers), tmp_path / "numbers.parquet")
    assert listed(tmp_path / "numbers.parquet").masks is None


def test_a_mask_that_changes_changes_the_state_of_its_sample(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "a/1.jpg", "a/2.jpg")
    masks = files(tmp_path / "masks", "a/1.png", "a/2.png")
    before = listed(source, masks)
    os.utime(masks / "a/2.png", ns=(0, 7))
    after = listed(source, masks)
    assert (before.states() == after.states()).tolist() == [True, False]
    assert before.digest() == after.digest() != listed(source).digest()


@pytest.mark.parametrize(
    ("masks", "told"),
    [
        ([], "masks .*masks is no folder: give one with masks of the images' names"),
        (["a/9.png"], "none of 1 mask has the name of an image: the mask of a/1.jpg is a/1.png"),
        (["a/1.png", "a/1.tif"], "a/1.png and a/1.tif are masks of one image: keep one of them"),
    ],
)
def test_what_fits_no_image_is_one_line(tmp_path: Path, masks: list[str], told: str) -> None:
    source = files(tmp_path / "in", "a/1.jpg")
    with pytest.raises(CatalogError, match=told):
        listed(source, files(tmp_path / "masks", *masks))

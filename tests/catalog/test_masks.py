"""Which mask an image has."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.catalog import file_states
from raydrift.errors import CatalogError, SettingsError
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
    assert catalog.notes == ("2 of 3 images with a mask: the others are rejected",)
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
        (
            ["a/9.png"],
            "none of 1 mask, as a/9.png, has the name of an image: the mask of a/1.jpg is a/1.png",
        ),
        (["a/1.png", "a/1.tif"], "a/1.png and a/1.tif are masks of one image: keep one of them"),
        (["a/1.png", "a/1.q.png", "a/1.tif"], "a/1.png and a/1.tif are masks of one image"),
        (["a/1.jpg"], "masks .*masks has no .bmp .gif .pgm .png .pnm .tif .tiff"),
    ],
)
def test_what_fits_no_image_is_one_line(tmp_path: Path, masks: list[str], told: str) -> None:
    source = files(tmp_path / "in", "a/1.jpg")
    with pytest.raises(CatalogError, match=told):
        listed(source, files(tmp_path / "masks", *masks))


def test_a_name_that_is_no_text_is_passed_over(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "a/1.jpg")
    masks = files(tmp_path / "masks", "a/1.png")
    (masks / "a" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    assert listed(source, masks).table["mask"].to_pylist() == ["a/1.png"]


class TestManifests:
    def written(self, folder: Path, *masks: str | None, kind: pa.DataType | None = None) -> Path:
        for name in ("1.jpg", "2.jpg"):
            (folder / name).write_bytes(b"x")
        table = {"path": ["1.jpg", "2.jpg"], "class": ["a", "a"], "mask": pa.array(masks, kind)}
        pq.write_table(pa.table(table), folder / "list.parquet")
        return folder / "list.parquet"

    def test_what_is_empty_is_no_mask(self, tmp_path: Path) -> None:
        manifest = self.written(tmp_path, "m/1.png", "")
        assert listed(manifest).table["mask"].to_pylist() == ["m/1.png", None]

    def test_categories_are_text(self, tmp_path: Path) -> None:
        kind = pa.dictionary(pa.int32(), pa.string())
        manifest = self.written(tmp_path, "m/1.png", None, kind=kind)
        assert listed(manifest).table["mask"].to_pylist() == ["m/1.png", None]

    def test_masks_have_the_scheme_of_the_images(self, tmp_path: Path) -> None:
        rows = {"path": [f"file://{tmp_path}/1.jpg"], "class": ["a"]}
        rows["mask"] = [f"file://{tmp_path}/m/1.png"]
        pq.write_table(pa.table(rows), tmp_path / "list.parquet")
        catalog = listed(tmp_path / "list.parquet")
        assert catalog.masks is not None
        mask = catalog.table["mask"][0].as_py()
        assert catalog.masks.at(mask).path == str(tmp_path / "m/1.png")
        rows["mask"] = ["s3://elsewhere/1.png"]
        pq.write_table(pa.table(rows), tmp_path / "list.parquet")
        with pytest.raises(CatalogError, match="the column mask of the manifest has paths outside"):
            listed(tmp_path / "list.parquet")


@pytest.mark.parametrize(
    ("masks", "told"),
    [
        ("in", "that is the input: give the folder of the masks"),
        ("in/masks", "that is in the input, where it is taken for a class"),
        ("out/masks", "that is in the output: move it"),
    ],
)
def test_masks_lie_beside_the_input(tmp_path: Path, masks: str, told: str) -> None:
    plain = {name: str(tmp_path / name) for name in ("input", "output")}
    plain |= {"input": str(tmp_path / "in"), "output": str(tmp_path / "out")}
    with pytest.raises(SettingsError, match=told):
        generate_settings(plain | {"masks": str(tmp_path / masks)})
    if masks == "in/masks":
        assert generate_settings(plain | {"masks": str(tmp_path / masks), "split": "train"})


def test_where_nothing_is_known_of_files_their_place_is(
    tmp_path: Path,
) -> None:
    """Other files of the same names could not be told apart."""
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        manifest = TestManifests().written(tmp_path / name, "m/1.png", "m/2.png")
        digests.add(unknown(listed(manifest), "size", "modified").digest())
    assert len(digests) == 2


def test_where_nothing_is_known_of_masks_their_place_is(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "a/1.jpg", "a/2.jpg")
    one, two = (files(tmp_path / name, "a/1.png") for name in ("one", "two"))
    assert listed(source, one).digest() == listed(source, two).digest()
    blind = {unknown(listed(source, folder), "mask_state").digest() for folder in (one, two)}
    assert len(blind) == 2


def unknown(catalog: Catalog, *columns: str) -> Catalog:
    """A catalog of a store with so many files that it was not asked about each of them."""
    table, nothing = catalog.table, np.full(len(catalog), -1, np.int64)
    for name in columns:
        values = file_states(nothing, nothing) if name == "mask_state" else nothing
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pa.array(values))
    return replace(catalog, table=table)

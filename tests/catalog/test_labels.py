"""The class of each image of a folder without class folders."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.folders import ONE_CLASS
from raydrift.errors import CatalogError
from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings
from tests.catalog.test_masks import files

IMAGES = ("1.jpg", "2.png", "deep/3.jpg", "notes.md")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return files(tmp_path / "in", *IMAGES)


def listed(source: Path, labels: object, **values: Any) -> Catalog:
    plain = {"input": str(source), "output": "out", "catalog": {"labels": str(labels)}, **values}
    return catalog_of(generate_settings(plain))


def classes_of(catalog: Catalog) -> dict[str, str]:
    """The class of each path."""
    index = catalog.table["class_index"].to_pylist()
    return dict(
        zip(catalog.table["path"].to_pylist(), (catalog.classes[one] for one in index), strict=True)
    )


def test_all_images_may_be_of_one_class(images: Path) -> None:
    catalog = listed(images, "none")
    assert classes_of(catalog) == dict.fromkeys(IMAGES[:3], ONE_CLASS)
    assert catalog.ignored == {"not an image by its name": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "path,class\n1.jpg,cat\n2.png,dog\ndeep/3.jpg,cat\n"),
        ("stems.csv", "image_id;Category\n1;cat\n2;dog\ndeep/3;cat\n"),
        ("quoted.csv", '\ufeff"file name","label"\n"1.jpg","cat"\n"2.png","dog"\n"3.jpg","cat"\n'),
        ("last.csv", "width,filename,class\n9,./x/1.jpg,cat\n9,x/2.png,dog\n9,y/3.jpg,cat\n"),
        ("a.dat", "1 cat\n2 dog\n\n3 cat\n"),
        ("a.txt", "1.jpg\tcat\r\n2.png\tdog\r\n3.jpg\tcat\r\n"),
    ],
)
def test_names_are_paths_or_their_last_parts_with_or_without_a_suffix(
    images: Path, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    catalog = listed(images, tmp_path / name)
    assert classes_of(catalog) == {"1.jpg": "cat", "2.png": "dog", "deep/3.jpg": "cat"}
    assert catalog.labels == {"cat": 0, "dog": 1}
    assert catalog.notes == ()


def test_names_that_look_like_numbers_keep_their_zeros(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "001.tif", "002.tif")
    (tmp_path / "a.csv").write_text("ID,target\n001,x\n002,y\n")
    assert classes_of(listed(source, tmp_path / "a.csv")) == {"001.tif": "x", "002.tif": "y"}


def test_whole_numbers_are_the_labels_unless_a_mapping_says_otherwise(
    images: Path, tmp_path: Path
) -> None:
    rows = {"name": ["1", "2", "3"], "label": [7, 3, 7]}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    assert listed(images, tmp_path / "a.parquet").labels == {"3": 3, "7": 7}
    named = {**rows, "class": ["cat", "dog", "cat"]}
    pq.write_table(pa.table(named), tmp_path / "b.parquet")
    assert listed(images, tmp_path / "b.parquet").labels == {"cat": 7, "dog": 3}
    mapping = {"cat": 1, "dog": 1}
    found = listed(images, tmp_path / "b.parquet", class_mapping=mapping)
    assert found.labels == mapping


def test_whole_numbers_of_a_text_file_are_the_labels_too(tmp_path: Path) -> None:
    source = files(tmp_path / "in", *(f"{one}.png" for one in range(12)))
    (tmp_path / "val.txt").write_text("".join(f"{one}.png {one}\n" for one in range(12)))
    assert listed(source, tmp_path / "val.txt").labels == {str(one): one for one in range(12)}
    (tmp_path / "padded.csv").write_text("path,class\n1.png,001\n2.png,010\n")
    assert listed(source, tmp_path / "padded.csv").labels == {"001": 0, "010": 1}


def test_a_class_may_have_several_words_after_a_tab(images: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1.jpg\tgolden retriever\n2.png\tcat\n3.jpg\tcat\n")
    (tmp_path / "b.tsv").write_text("path\tclass\n1.jpg\tgolden retriever\n2.png\tcat\n3\tcat\n")
    for name in ("a.txt", "b.tsv"):
        assert classes_of(listed(images, tmp_path / name))["1.jpg"] == "golden retriever"


def test_whole_paths_go_before_last_parts_and_excluded_images_need_no_class(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "train/1.png", "train/2.png", "test/1.png")
    (tmp_path / "a.csv").write_text("path,class\ntrain/1.png,cat\ntrain/2.png,dog\n")
    found = listed(source, tmp_path / "a.csv")
    assert classes_of(found) == {"train/1.png": "cat", "train/2.png": "dog"}
    (tmp_path / "b.txt").write_text("1 cat\n2 dog\n")
    chosen = {"catalog": {"labels": str(tmp_path / "b.txt"), "exclude": ["test/*"]}}
    assert classes_of(listed(source, tmp_path / "b.txt", **chosen)) == classes_of(found)
    (tmp_path / "c.csv").write_text("path,class\ntrain\\1.png,cat\ntrain\\2.png,dog\n")
    assert classes_of(listed(source, tmp_path / "c.csv")) == classes_of(found)


def test_tables_of_odd_columns_are_refused_in_one_line(images: Path, tmp_path: Path) -> None:
    tables = {
        "row 1 has no class": pa.table({"path": ["1", "2"], "class": [0.0, float("nan")]}),
        "row 0 has no label": pa.table({"path": ["1"], "class": ["a"], "label": [None]}),
        "nsupported cast": pa.table({"image": [{"bytes": b"x"}], "label": [1]}),
    }
    for said, table in tables.items():
        pq.write_table(table, tmp_path / "odd.parquet")
        with pytest.raises(CatalogError) as caught:
            listed(images, tmp_path / "odd.parquet")
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)
    (tmp_path / "twice.csv").write_text("path,class,class\n1,a,b\n")
    with pytest.raises(CatalogError, match="have several columns class: keep one"):
        listed(images, tmp_path / "twice.csv")


def test_what_has_no_class_is_left_out_and_what_has_no_image_is_told(
    images: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "a.txt"
    labels.write_text("1 cat\n9 bird\n")
    catalog = listed(images, labels)
    assert classes_of(catalog) == {"1.jpg": "cat"}
    assert catalog.ignored["image without a class in the file of labels"] == 2
    assert catalog.notes == (f"1 name in labels {labels} without an image",)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "x,y\n1,2\n", "have the columns x, y: call the one of names path"),
        ("a.csv", "path,class\n1.jpg,\n", "row 0 has no class"),
        ("a.txt", "", "are empty"),
        ("a.txt", "1 cat\n2\n", "line 2 is '2': write a name, a space and a class"),
        ("a.txt", "x cat\n", "they name 'x' and so on, the images are '1.jpg' and so on"),
        ("a.txt", "1 cat\n1 dog\n", "'1' is of the classes 'cat' and 'dog': keep one line"),
        ("a.csv", "name,class,label\n1,cat,1\n2,cat,2\n", "class 'cat' has the labels 1 and 2"),
    ],
)
def test_what_is_wrong_with_a_file_of_labels_is_said(
    images: Path, tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CatalogError) as caught:
        listed(images, tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_stands_for_one_image(tmp_path: Path) -> None:
    source = files(tmp_path / "in", "a/1.jpg", "b/1.jpg")
    (tmp_path / "a.txt").write_text("1 cat\n")
    with pytest.raises(CatalogError, match=r"stands for a/1.jpg and b/1.jpg: write their whole"):
        listed(source, tmp_path / "a.txt")
    (tmp_path / "a.txt").write_text("a/1 cat\nb/1 dog\n")
    assert classes_of(listed(source, tmp_path / "a.txt")) == {"a/1.jpg": "cat", "b/1.jpg": "dog"}


def test_labels_that_are_not_there_or_not_text_or_of_a_manifest_are_refused(
    images: Path, tmp_path: Path
) -> None:
    with pytest.raises(CatalogError, match=r"labels .*gone.txt: No such file"):
        listed(images, tmp_path / "gone.txt")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe 1")
    with pytest.raises(CatalogError, match="are not text: save them as UTF-8"):
        listed(images, tmp_path / "bytes.txt")
    (tmp_path / "list.csv").write_text("path,class\nin/1.jpg,a\n")
    with pytest.raises(CatalogError, match="is a manifest, which tells classes itself"):
        listed(tmp_path / "list.csv", tmp_path / "labels.csv")


def test_a_folder_without_class_folders_is_told_of_labels(images: Path) -> None:
    with pytest.raises(CatalogError, match=r"give --labels FILE with their classes, or --labels"):
        catalog_of(generate_settings({"input": str(files(images / "x", "1.jpg")), "output": "o"}))


def test_a_bucket_is_labelled_as_a_folder_is(images: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1 cat\n2 dog\n3 cat\n")
    place = StoragePath.of(f"file://{images}")
    catalog = listed(Path(place.path), f"file://{tmp_path}/a.txt")
    assert np.bincount(catalog.table["class_index"]).tolist() == [2, 1]

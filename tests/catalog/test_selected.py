"""Which images of an input are left out."""

from pathlib import Path
from typing import Any

import pytest

from raydrift.catalog import Catalog, catalog_of
from raydrift.errors import CatalogError, SettingsError
from raydrift.settings import CatalogSettings
from raydrift.settings.toml import generate_settings
from tests.catalog.test_masks import files


def listed(source: Path, **chosen: Any) -> Catalog:
    plain = {"input": str(source), "output": "out", "catalog": chosen}
    return catalog_of(generate_settings(plain))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return files(tmp_path / "in", "a/1.jpg", "a/2.jpg", "a/2_thumb.jpg", "b/1.jpg", "c/x/1.jpg")


def test_paths_are_excluded_by_patterns(images: Path) -> None:
    catalog = listed(images, exclude=["*_thumb.jpg", "c/*"])
    assert catalog.table["path"].to_pylist() == ["a/1.jpg", "a/2.jpg", "b/1.jpg"]
    assert catalog.classes == ("a", "b")
    assert catalog.ignored == {"image excluded by catalog.exclude": 2}


def test_small_classes_are_left_out_after_that(images: Path) -> None:
    catalog = listed(images, exclude=["*_thumb.jpg"], least=2)
    assert catalog.table["path"].to_pylist() == ["a/1.jpg", "a/2.jpg"]
    assert catalog.labels == {"a": 0}
    assert catalog.ignored == {
        "image excluded by catalog.exclude": 1,
        "image of a class with fewer than 2 images": 2,
    }


def test_a_manifest_keeps_its_labels_and_columns(tmp_path: Path) -> None:
    files(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    text = "path,class,label,city\n1.jpg,x,5,Rome\n2.jpg,y,6,Oslo\n3.jpg,y,6,Rome\n"
    (tmp_path / "list.csv").write_text(text)
    catalog = listed(tmp_path / "list.csv", least=2)
    assert catalog.labels == {"y": 6}
    assert catalog.columns is not None
    assert catalog.columns["city"].to_pylist() == ["Oslo", "Rome"]


def test_leaving_out_nothing_changes_nothing(images: Path) -> None:
    assert listed(images, exclude=["*.gif"]).digest() == listed(images).digest()


def test_nothing_left_is_an_error(images: Path) -> None:
    with pytest.raises(CatalogError, match=r"all 5 images are excluded by .*: leave out less"):
        listed(images, exclude=["*"])


def test_the_source_of_a_path_is_its_first_group() -> None:
    chosen = CatalogSettings(source=r"(\d+)_\d+\.tif$")
    assert [chosen.source_of(path) for path in ("x/07_1.tif", "7.tif")] == ["07", "7.tif"]
    assert CatalogSettings().source_of("x/07_1.tif") == "x/07_1.tif"


def test_an_expression_that_finds_nothing_is_refused() -> None:
    chosen = CatalogSettings(source=r"(\d+)_\d+\.tif$")
    assert chosen.sources(["07_1.tif", "x.tif"]) == ["07", "x.tif"]
    with pytest.raises(SettingsError, match=r"finds nothing in the paths, as '07_1.tiff'"):
        chosen.sources(["07_1.tiff"])


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"labels": ""}, "catalog.labels"),
        ({"exclude": [""]}, "catalog.exclude"),
        ({"least": 0}, "catalog.least is 0: give at least 1"),
        ({"source": "("}, "catalog.source '(' is no regular expression"),
        ({"source": "x"}, "put the part of the path that names the picture in parentheses"),
        ({"sourse": "x"}, "unknown key catalog.sourse"),
    ],
)
def test_what_cannot_be_is_refused(chosen: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        generate_settings({"input": "in", "output": "out", "catalog": chosen})
    assert said in str(caught.value)

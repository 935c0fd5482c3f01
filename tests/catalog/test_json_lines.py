"""Manifests of JSON lines, as ModelArts has them."""

import json
from pathlib import Path
from typing import Any

import fsspec
import pytest

from raydrift.catalog import Catalog, load_catalog
from raydrift.errors import CatalogError
from raydrift.settings import CatalogSettings

CLASSIFICATION = "modelarts/image_classification"


def line(source: object, name: object = None, usage: object = None, **others: Any) -> str:
    """A line of a manifest; without a name the image is not labelled."""
    told = {"source": source, **others}
    if usage is not None:
        told["usage"] = usage
    if name is not None:
        told["annotation"] = [{"type": CLASSIFICATION, "name": name, "hard": "false"}]
    return json.dumps(told)


def written(folder: Path, *lines: str, name: str = "V001.manifest") -> Path:
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def classes(catalog: Catalog) -> dict[str, str]:
    rows = zip(
        catalog.table["path"].to_pylist(), catalog.table["class_index"].to_pylist(), strict=True
    )
    return {path: catalog.classes[index] for path, index in rows}


def refusal(source: Path, **asked: Any) -> str:
    with pytest.raises(CatalogError) as caught:
        load_catalog(str(source), **asked)
    return str(caught.value)


@pytest.mark.parametrize("name", ["V001.manifest", "images.JSONL"])
def test_each_line_is_an_image_and_its_class(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.jpg").write_bytes(b"12345")
    source = written(
        tmp_path,
        line("a/1.jpg", "cat", "Train", id="0162005993f8065ef47eefb59d1e4970"),
        "",
        line("/elsewhere/2.jpg", "dög", inference_loc="x", property={"a": 1}),
        name=name,
    )
    catalog = load_catalog(str(source))
    assert classes(catalog) == {"/elsewhere/2.jpg": "dög", "a/1.jpg": "cat"}
    assert catalog.labels == {"cat": 0, "dög": 1}
    assert catalog.table["size"].to_pylist() == [-1, 5]
    assert catalog.root.path == str(tmp_path)
    assert catalog.columns is not None
    assert catalog.columns["usage"].to_pylist() == [None, "TRAIN"]


def test_a_usage_is_a_split_in_upper_or_lower_case(tmp_path: Path) -> None:
    lines = (line("1.jpg", "cat", "train"), line("2.jpg", "cat", "EVAL"), line("3.jpg", "cat"))
    source = written(tmp_path, *lines)
    assert classes(load_catalog(str(source), split="eval")) == {"2.jpg": "cat"}
    assert classes(load_catalog(str(source), split="TRAIN")) == {"1.jpg": "cat"}
    said = f"manifest {source} has no usage 'TEST': there are 'EVAL', 'TRAIN'"
    assert refusal(source, split="test") == said


def test_where_no_image_is_labelled_all_are_of_one_class(tmp_path: Path) -> None:
    boxes = [{"type": "modelarts/object_detection", "annotation-loc": "1.xml"}]
    source = written(tmp_path, line("1.jpg"), line("2.jpg", annotation=boxes))
    assert classes(load_catalog(str(source))) == {"1.jpg": "all", "2.jpg": "all"}


def test_where_some_are_labelled_the_others_are_left_out_and_counted(tmp_path: Path) -> None:
    source = written(tmp_path, line("1.jpg"), line("2.jpg", "cat"))
    catalog = load_catalog(str(source))
    assert classes(catalog) == {"2.jpg": "cat"}
    assert catalog.ignored == {"image without a class in the manifest": 1}


@pytest.mark.parametrize("name", ["V001.manifest", "list.csv"])
def test_a_manifest_without_its_classes(tmp_path: Path, name: str) -> None:
    """As it is asked for a training that knows no classes."""
    lines = {
        "V001.manifest": (line("1.jpg"), line("2.jpg", "cat")),
        "list.csv": ("path", "1.jpg", "2.jpg"),
    }
    source = written(tmp_path, *lines[name], name=name)
    catalog = load_catalog(str(source), chosen=CatalogSettings(labels="none"))
    assert classes(catalog) == {"1.jpg": "all", "2.jpg": "all"}
    assert catalog.ignored == {}


def test_sources_may_be_uris() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/far/cat/1.jpg", b"far")
    memory.pipe("/lists/V1.manifest", line("memory://far/cat/1.jpg", "cat").encode())
    catalog = load_catalog("memory://lists/V1.manifest")
    assert classes(catalog) == {"cat/1.jpg": "cat"}
    assert catalog.root.at("cat/1.jpg").read_bytes() == b"far"


def test_a_file_uri_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a b.jpg").write_bytes(b"1")
    source = written(tmp_path, line((tmp_path / "a b.jpg").as_uri(), "cat"))
    catalog = load_catalog(str(source))
    assert classes(catalog) == {str(tmp_path / "a b.jpg"): "cat"}
    assert catalog.table["size"].to_pylist() == [1]


TWO = [{"type": CLASSIFICATION, "name": "cat"}, {"type": CLASSIFICATION, "name": "dog"}]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (
            '{"source": "1.jpg"',
            "line 2 is not JSON: Expecting ',' delimiter: line 2 column 1 (char 19)",
        ),
        ('["1.jpg"]', 'line 2 is not a JSON object: write {"source": PATH, ...}'),
        ('{"file_name": "1.jpg"}', 'line 2 has no source: write {"source": PATH, ...}'),
        (line(""), 'line 2 has no source: write {"source": PATH, ...}'),
        (line(3), 'line 2 has no source: write {"source": PATH, ...}'),
        (
            line("obs://bucket/1.jpg"),
            "line 2: source 'obs://bucket/1.jpg' is not read as obs://: OBS speaks S3, so write "
            "s3://, and give its endpoint in storage_options",
        ),
        (
            line("1.jpg", annotation=TWO),
            f"line 2 has 2 annotations of {CLASSIFICATION}: keep one, an image is of one class",
        ),
        (
            line("1.jpg", annotation="cat"),
            "line 2: annotation is not a list of objects: write it as one",
        ),
        (line("1.jpg", ""), "line 2: the annotation's name is '': write the class's name"),
        (line("1.jpg", 3), "line 2: the annotation's name is 3: write the class's name"),
        (line("1.jpg", usage="trian"), "line 2: usage is 'trian': did you mean 'train'?"),
        (
            line("1.jpg", usage=1),
            "line 2: usage is 1: choose from: train, eval, test, inference",
        ),
        (
            '{"source": "\\ud800.jpg"}',
            "line 2: source '\\ud800.jpg' has signs that are no text: rename it",
        ),
    ],
)
def test_what_is_wrong_is_said_of_its_line(tmp_path: Path, bad: str, said: str) -> None:
    source = written(tmp_path, line("0.jpg", "cat"), bad)
    assert refusal(source) == f"manifest {source}: {said}"


def test_one_that_is_empty_or_no_text(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "")) == f"manifest {tmp_path}/V001.manifest is empty"
    (tmp_path / "x.jsonl").write_bytes(b'{"source": "\xe9.jpg"}\n')
    said = f"manifest {tmp_path}/x.jsonl is not text: save it as UTF-8"
    assert refusal(tmp_path / "x.jsonl") == said


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(line("1.jpg", "cat"), encoding="utf-8-sig")
    assert classes(load_catalog(str(tmp_path / "x.jsonl"))) == {"1.jpg": "cat"}

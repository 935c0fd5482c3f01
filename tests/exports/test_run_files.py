"""Runs as loose files: what other programs read, and what raydrift reads back."""

import gc
import json
import warnings
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import cv2
import datasets
import fsspec
import numpy as np
import pytest
from torchvision.datasets import ImageFolder

import raydrift
from raydrift.catalog import Catalog, load_catalog
from raydrift.errors import OutputError, SettingsError
from raydrift.exports import run_files
from raydrift.exports.listings import usage_of
from raydrift.exports.run_files import export_run
from raydrift.paths import StoragePath
from tests.exports.made_runs import finished_run, png_of

PHOTOS = [(name, f"{name}/{n}.jpg") for n in range(6) for name in ("cat", "gray wolf", "eel,\n2")]
"""18 samples of three classes; the third one's name has signs that need care everywhere."""


def place(folder: Path) -> StoragePath:
    return StoragePath.of(folder)


@pytest.fixture
def photos(tmp_path: Path) -> StoragePath:
    return finished_run(place(tmp_path / "run"), PHOTOS)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def pixels(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)


def classes(catalog: Catalog) -> dict[str, str]:
    paths, index = (catalog.table[name].to_pylist() for name in ("path", "class_index"))
    return {path: catalog.classes[one] for path, one in zip(paths, index, strict=True)}


def as_hugging_face(folder: Path, cache: Path) -> datasets.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the table open
        found = datasets.load_dataset(
            "imagefolder", data_dir=str(folder), cache_dir=str(cache / "cache"), split="train"
        )
        gc.collect()
    return found


class TestFolders:
    def test_each_class_has_one_and_each_image_a_row(
        self, photos: StoragePath, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        assert export_run(photos, place(out), "folders") == ["metadata.csv"]
        written = content(out)
        images = [name for name in written if name.endswith(".png")]
        assert len(images) == 18
        assert written["cat/00000000.png"] == png_of(0)
        assert written["gray wolf/00000016.png"] == png_of(16)
        lines = written["metadata.csv"].decode().splitlines()
        assert lines[0] == "file_name,label,class,sample_id,timestamp,drifted,level,source_path"
        assert lines[1] == "cat/00000000.png,0,cat,0,0.0,true,0.5,cat/0.jpg"

    def test_hugging_face_and_torchvision_read_them(
        self, photos: StoragePath, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        export_run(photos, place(out), "folders")
        found = as_hugging_face(out, tmp_path)
        by_number = {row["sample_id"]: row for row in found}
        assert len(found) == 18
        for number, (name, source) in enumerate(PHOTOS):
            row = by_number[number]
            assert (np.asarray(row["image"]) == pixels(png_of(number))).all()
            assert (row["class"], row["source_path"]) == (name, source)
            assert row["label"] == sorted({"cat", "gray wolf", "eel,\n2"}).index(name)
            assert row["drifted"] is (number % 2 == 0)
        folder = ImageFolder(str(out))
        assert folder.classes == ["cat", "eel,%0A2", "gray wolf"]
        assert len(folder) == 18

    def test_they_are_an_input(self, photos: StoragePath, tmp_path: Path) -> None:
        out = tmp_path / "out"
        export_run(photos, place(out), "folders")
        catalog = load_catalog(str(out / "metadata.csv"))
        assert set(catalog.classes) == {"cat", "gray wolf", "eel,\n2"}
        assert len(catalog) == 18
        assert catalog.table["size"].to_pylist()[0] == len(png_of(0))
        assert len(load_catalog(str(out))) == 18

    def test_masks_are_beside_the_images(self, tmp_path: Path) -> None:
        run = finished_run(place(tmp_path / "run"), PHOTOS, masks=True)
        out = tmp_path / "out"
        export_run(run, place(out), "folders")
        written = content(out)
        assert written["images/cat/00000003.png"] == png_of(3)
        assert written["masks/cat/00000003.png"] == png_of(1003)
        found = as_hugging_face(out, tmp_path)
        row = next(one for one in found if one["sample_id"] == 3)
        assert (np.asarray(row["mask"]) == pixels(png_of(1003))).all()


class TestModelarts:
    def test_the_manifest_has_a_line_an_image(self, photos: StoragePath, tmp_path: Path) -> None:
        out = tmp_path / "out"
        assert export_run(photos, place(out), "modelarts") == ["output_0.manifest"]
        lines = (out / "output_0.manifest").read_text(encoding="utf-8").splitlines()
        assert json.loads(lines[0]) == {
            "source": f"{out}/Data/00000000.png",
            "usage": "TRAIN",
            "annotation": [
                {
                    "name": "cat",
                    "type": "modelarts/image_classification",
                    "annotated-by": "raydrift",
                }
            ],
        }
        assert (out / "Data" / "00000000.png").read_bytes() == png_of(0)

    def test_it_is_an_input_with_the_same_classes(self, tmp_path: Path) -> None:
        run = finished_run(place(tmp_path / "run"), PHOTOS, split="val")
        out = tmp_path / "out"
        export_run(run, place(out), "modelarts")
        catalog = load_catalog(str(out / "output_0.manifest"), split="eval")
        assert classes(catalog) == {
            f"{out}/Data/{number:08d}.png": name for number, (name, _) in enumerate(PHOTOS)
        }

    def test_a_flat_input_has_no_annotation(self, tmp_path: Path) -> None:
        run = finished_run(place(tmp_path / "run"), [("all", f"{n}.jpg") for n in range(3)])
        out = tmp_path / "out"
        export_run(run, place(out), "modelarts")
        for line in (out / "output_0.manifest").read_text().splitlines():
            assert json.loads(line).keys() == {"source", "usage"}
        assert load_catalog(str(out / "output_0.manifest")).classes == ("all",)

    def test_translated_images_are_named_by_batch_and_place(self, tmp_path: Path) -> None:
        run = finished_run(place(tmp_path / "run"), PHOTOS, network="to_target")
        out = tmp_path / "out"
        export_run(run, place(out), "modelarts")
        names = {one.name for one in (out / "Data").iterdir()}
        assert names == {f"CYcleGan_{n // 16}_{n % 16}.jpg" for n in range(18)}
        made = cv2.imread(str(out / "Data" / "CYcleGan_1_1.jpg"), cv2.IMREAD_COLOR_RGB)
        assert np.abs(made.astype(int) - pixels(png_of(17))).mean() < 2
        told = json.loads((out / "export.json").read_text())
        assert told["lossy"].startswith("JPEG, quality 95 of 100, 4:4:4")

    def test_synthesized_images_are_named_by_class_and_number(self, tmp_path: Path) -> None:
        samples = [("shoes", "shoes/00000007"), ("a/b", "a/b/00000012"), ("a/b", "a/b/00000000")]
        run = finished_run(place(tmp_path / "run"), samples, network="generator")
        out = tmp_path / "out"
        export_run(run, place(out), "modelarts")
        names = {one.name for one in (out / "Data").iterdir()}
        assert names == {
            "StyleGan_shoes_7.jpg", "StyleGan_a%2Fb_12.jpg", "StyleGan_a%2Fb_0.jpg",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("split", "usage"),
        [
            (None, "TRAIN"), ("train", "TRAIN"), ("retrieval", "TRAIN"), ("Validation", "EVAL"),
            ("data/dev", "EVAL"), ("test_2", "TEST"),
        ],
    )  # fmt: skip
    def test_a_split_is_a_usage(self, split: str | None, usage: str) -> None:
        assert usage_of(split) == usage


@pytest.mark.parametrize("container", ["zips", "webdataset"])
def test_whatever_the_images_are_in_the_files_are_the_same(
    photos: StoragePath, tmp_path: Path, container: str
) -> None:
    other = finished_run(place(tmp_path / "other"), PHOTOS, container=container)
    for run, out in ((photos, "a"), (other, "b")):
        export_run(run, place(tmp_path / out), "folders")
        (tmp_path / out / "export.json").unlink()
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_run_is_left_as_it_is(photos: StoragePath, tmp_path: Path) -> None:
    before = content(tmp_path / "run")
    export_run(photos, place(tmp_path / "out"), "folders")
    assert content(tmp_path / "run") == before


def test_what_is_remote_is_read_and_written_there() -> None:
    run = finished_run(StoragePath.of("memory://bucket/run"), PHOTOS)
    out = StoragePath.of("memory://bucket/out")
    export_run(run, out, "modelarts")
    assert fsspec.filesystem("memory").cat("/bucket/out/Data/00000004.png") == png_of(4)
    catalog = load_catalog("memory://bucket/out/output_0.manifest")
    assert classes(catalog)["out/Data/00000001.png"] == "gray wolf"
    assert (catalog.root / "out/Data/00000001.png").read_bytes() == png_of(1)


def test_one_that_was_stopped_goes_on(
    photos: StoragePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_files, "_SAVED_EVERY", 5)
    out, whole = tmp_path / "out", tmp_path / "whole"
    export_run(photos, place(whole), "folders")

    def stop(written: int, images: int) -> None:
        assert images == 18
        if written == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_run(photos, place(out), "folders", stop)
    assert json.loads((out / "export.json").read_text())["written"] == 10
    assert not (out / "metadata.csv").exists()
    (out / "cat" / "00000000.png").write_bytes(b"not written again")
    (out / "cat" / ".00000009.png.0123abcd.tmp").write_bytes(b"half of one, by a killed process")
    seen: list[int] = []
    export_run(photos, place(out), "folders", lambda written, _: seen.append(written))
    assert seen == list(range(11, 19))
    assert (out / "cat" / "00000000.png").read_bytes() == b"not written again"
    (out / "cat" / "00000000.png").write_bytes(png_of(0))
    assert content(out) == content(whole)
    assert export_run(photos, place(out), "folders") == ["metadata.csv"]


class TestRefusals:
    def refused(self, run: StoragePath, out: Path, layout: str = "folders") -> str:
        with pytest.raises((OutputError, SettingsError)) as caught:
            export_run(run, place(out), layout)
        return str(caught.value)

    def test_a_folder_with_other_content(self, photos: StoragePath, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        (out / "letter.txt").write_text("dear")
        said = f"output {out} holds letter.txt of another origin: choose another folder"
        assert self.refused(photos, out) == said
        assert list(content(out)) == ["letter.txt"]

    def test_a_folder_with_another_export(self, photos: StoragePath, tmp_path: Path) -> None:
        out = tmp_path / "out"
        export_run(photos, place(out), "folders")
        said = "(layout is folders there and modelarts here): choose another folder, or delete it"
        assert self.refused(photos, out, "modelarts") == f"output {out} holds another export {said}"
        other = finished_run(place(tmp_path / "other"), PHOTOS[:9])
        said = f"(run is {photos} there and {other} here): choose another folder, or delete it"
        assert self.refused(other, out) == f"output {out} holds another export {said}"

    def test_an_export_of_a_run_that_was_made_again_since(
        self, photos: StoragePath, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        export_run(photos, place(out), "folders")
        told = json.loads((tmp_path / "run" / "run.json").read_text())
        told["files"]["sampled_images.zip"]["crc32"] = "0" * 8  # a photograph was another then
        (tmp_path / "run" / "run.json").write_text(json.dumps(told))
        said = "(the run was made again since): choose another folder, or delete it"
        assert self.refused(photos, out) == f"output {out} holds another export {said}"

    def test_a_folder_in_the_run(self, photos: StoragePath, tmp_path: Path) -> None:
        out = tmp_path / "run" / "out"
        assert self.refused(photos, out) == (f"output {out} is in the run: choose another folder")
        assert not out.exists()

    def test_a_run_that_is_not_there_not_finished_or_without_images(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        gone = tmp_path / "gone"
        assert self.refused(place(gone), out).startswith(f"{gone} has no run.json")
        run = finished_run(place(tmp_path / "run"), PHOTOS, container="tables")
        assert self.refused(run, out).startswith(f"{run} has tables and no images")
        told = json.loads((tmp_path / "run" / "run.json").read_text())
        (tmp_path / "run" / "run.json").write_text(json.dumps(told | {"status": "sharded"}))
        assert self.refused(run, out) == (
            f"{run} is not finished: run the same command again, or raydrift finalize"
        )
        views = told["identity"] | {"views": ["bi,s,ga"]}
        (tmp_path / "run" / "run.json").write_text(json.dumps(told | {"identity": views}))
        assert self.refused(run, out) == (
            f"{run} has a folder for each view: export one of them, as {run}/bi_s_ga"
        )
        assert not out.exists()

    def test_a_layout_that_is_not_known(self, photos: StoragePath, tmp_path: Path) -> None:
        said = "layout is 'folder': did you mean 'folders'?"
        assert self.refused(photos, tmp_path / "out", "folder") == said


def test_the_public_function(photos: StoragePath, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert raydrift.export(photos.path, out, layout="folders") == [f"{out}/metadata.csv"]
    asked: list[dict[str, Any]] = [{}, {"layout": "folders", "format": "torch"}]
    for both in asked:
        with pytest.raises(SettingsError, match="give either a layout, folders or modelarts"):
            raydrift.export(photos.path, tmp_path / "x", **both)


def test_the_zip_has_the_same_files(tmp_path: Path) -> None:
    run = finished_run(place(tmp_path / "run"), PHOTOS)
    export_run(run, place(tmp_path / "out"), "modelarts")
    with ZipFile(tmp_path / "run" / "sampled_images.zip") as archive:
        for name in archive.namelist():
            assert (tmp_path / "out" / "Data" / name).read_bytes() == archive.read(name)

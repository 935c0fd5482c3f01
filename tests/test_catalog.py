import os
import subprocess
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from raydrift import schemas
from raydrift.catalog import IMAGE_SUFFIXES, Catalog, class_labels, folders, load_catalog
from raydrift.catalog.passed_over import RESULTS
from raydrift.errors import CatalogError
from raydrift.paths import StoragePath
from raydrift.storage import layout

NO_IMAGE = "not an image by its name"
OUTSIDE = "image outside the class folders"

NFC = unicodedata.normalize("NFC", "café")
NFD = unicodedata.normalize("NFD", "café")


def fill(folder: Path, *names: str) -> str:
    """Writes files of one byte; what they hold is no business of the catalog's."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return str(folder)


def paths(catalog: Catalog) -> list[str]:
    found: list[str] = catalog.table["path"].to_pylist()
    return found


def class_of(catalog: Catalog) -> dict[str, str]:
    rows = zip(paths(catalog), catalog.table["class_index"].to_pylist(), strict=True)
    return {path: catalog.classes[index] for path, index in rows}


def refusal(source: str | Path, class_mapping: dict[str, Any] | None = None) -> str:
    with pytest.raises(CatalogError) as caught:
        load_catalog(str(source), class_mapping)
    return str(caught.value)


@pytest.fixture(params=["local", "memory"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Writes files and names their folder, here or on a filesystem that fsspec opens."""
    if request.param == "local":
        yield lambda *names: fill(tmp_path, *names)
        return
    memory, root = fsspec.filesystem("memory"), f"/tests{tmp_path}"

    def in_memory(*names: str) -> str:
        memory.makedirs(root, exist_ok=True)
        for name in names:
            memory.pipe(f"{root}/{name}", b"x")
        return f"memory:/{root}"

    yield in_memory
    memory.rm("/tests", recursive=True)


class TestFolders:
    def test_a_first_level_folder_is_a_class_and_images_may_lie_deeper(
        self, filled: Callable[..., str]
    ) -> None:
        catalog = load_catalog(filled("dog/1.jpg", "cat/2.jpg", "cat/of/mine/3.PNG"))
        assert catalog.classes == ("cat", "dog")
        assert catalog.labels == {"cat": 0, "dog": 1}
        assert class_of(catalog) == {
            "cat/2.jpg": "cat",
            "cat/of/mine/3.PNG": "cat",
            "dog/1.jpg": "dog",
        }
        assert catalog.table["size"].to_pylist() == [1, 1, 1]
        assert len(catalog) == 3

    def test_the_table_has_documented_types(self, filled: Callable[..., str]) -> None:
        table = load_catalog(filled("a/1.jpg", "b/2.jpg")).table
        assert table.schema == pa.schema(
            [
                ("path", pa.large_string()),
                ("class_index", pa.int32()),
                ("size", pa.int64()),
                ("modified", pa.int64()),
            ]
        )

    def test_paths_are_sorted_by_their_bytes(self, filled: Callable[..., str]) -> None:
        names = [
            "a/Z.jpg",
            "a/a.jpg",
            "a/a/b.jpg",
            "a/é.jpg",
            "a-/1.jpg",
            "A/1.jpg",
            "a/10.jpg",
            "a/9.jpg",
        ]
        catalog = load_catalog(filled(*names))
        assert paths(catalog) == sorted(names, key=str.encode)
        assert catalog.classes == ("A", "a", "a-")

    def test_hidden_files_and_folders_are_passed_over(self, filled: Callable[..., str]) -> None:
        source = filled(
            "cat/1.jpg", "cat/.2.jpg", "cat/.thumbs/3.jpg", "cat/a/.b/c/4.jpg", ".git/5.jpg"
        )
        catalog = load_catalog(source)
        assert paths(catalog) == ["cat/1.jpg"]
        assert catalog.ignored == {}

    def test_hidden_files_beside_the_classes_are_passed_over(
        self, filled: Callable[..., str]
    ) -> None:
        assert load_catalog(filled("cat/1.jpg", ".2.jpg", ".DS_Store")).ignored == {}

    def test_other_files_are_ignored_and_counted(self, filled: Callable[..., str]) -> None:
        source = filled(
            "cat/1.jpg", "cat/1.txt", "cat/a/Thumbs.db", "README", "cat/jpg", "dog/2.jpg~"
        )
        catalog = load_catalog(source)
        assert paths(catalog) == ["cat/1.jpg"]
        assert catalog.ignored == {NO_IMAGE: 5}

    def test_images_beside_the_classes_are_ignored_and_counted(
        self, filled: Callable[..., str]
    ) -> None:
        catalog = load_catalog(filled("cat/1.jpg", "2.jpg", "3.png"))
        assert paths(catalog) == ["cat/1.jpg"]
        assert catalog.ignored == {OUTSIDE: 2}

    def test_a_folder_without_images_is_no_class(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "cat/1.jpg", "notes/1.txt")
        (tmp_path / "empty" / "deep").mkdir(parents=True)
        assert load_catalog(source).classes == ("cat",)

    @pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
    def test_images_are_known_by_their_suffix_in_either_case(
        self, suffix: str, tmp_path: Path
    ) -> None:
        source = fill(tmp_path, f"a/small{suffix}", f"a/LARGE{suffix.upper()}")
        assert len(load_catalog(source)) == 2

    @pytest.mark.parametrize(
        "name",
        ["a b", " ", "new\nline", "tab\t", "100%", "per%20cent", "#?&=", "'\"", NFC, NFD, "雪"],
    )
    def test_names_are_kept_as_they_are(self, name: str, filled: Callable[..., str]) -> None:
        catalog = load_catalog(filled(f"{name}/{name}/{name}.jpg"))
        assert paths(catalog) == [f"{name}/{name}/{name}.jpg"]
        assert catalog.classes == (name,)
        assert (catalog.root / paths(catalog)[0]).read_bytes() == b"x"

    def test_names_that_only_look_alike_are_different_classes(
        self, filled: Callable[..., str]
    ) -> None:
        catalog = load_catalog(filled(f"{NFC}/1.jpg", f"{NFD}/1.jpg"))
        assert catalog.classes == (NFD, NFC)
        assert len(catalog) == 2

    def test_names_that_are_not_utf8_are_ignored_and_counted(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "cat/1.jpg")
        for name in (b"cat/\xff.jpg", b"dog\xff/1.jpg"):
            file = os.path.join(os.fsencode(tmp_path), name)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            Path(os.fsdecode(file)).touch()
        catalog = load_catalog(source)
        assert paths(catalog) == ["cat/1.jpg"]
        assert catalog.ignored == {"name is not UTF-8": 2}

    @pytest.mark.parametrize("end", ["", "/", "//"])
    def test_a_slash_at_the_end_changes_nothing(self, end: str, filled: Callable[..., str]) -> None:
        assert paths(load_catalog(filled("cat/1.jpg") + end)) == ["cat/1.jpg"]

    def test_a_place_that_is_a_relative_path_works(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(tmp_path / "photos", "cat/1.jpg")
        monkeypatch.chdir(tmp_path)
        assert paths(load_catalog("photos")) == ["cat/1.jpg"]

    def test_folders_may_be_nested_deeper_than_python_calls(self, tmp_path: Path) -> None:
        deep = tmp_path / "cat" / ("d/" * 1200)
        subprocess.run(["mkdir", "-p", str(deep)], check=True)
        try:
            (deep / "1.jpg").touch()
            assert paths(load_catalog(str(tmp_path))) == [f"cat/{'d/' * 1200}1.jpg"]
        finally:  # which Python's own means cannot delete
            subprocess.run(["rm", "-r", str(tmp_path / "cat")], check=True)

    def test_real_image_sets_are_read_whole(self, scenes: Path) -> None:
        catalog = load_catalog(str(scenes))
        sizes = [(scenes / path).stat().st_size for path in paths(catalog)]
        assert catalog.table["size"].to_pylist() == sizes
        assert catalog.classes == ("boat", "city_night", "desert", "flower", "house", "mountain")
        assert np.bincount(catalog.table["class_index"].to_numpy()).tolist() == [12] * 6

    def test_the_photographs_are_read_whole(self, photos: Path) -> None:
        catalog = load_catalog(str(photos))
        assert len(catalog) == 328
        assert len(catalog.classes) == 7
        assert catalog.ignored == {}


class TestFoldersThatAreNoClasses:
    def test_those_of_systems_and_network_storage_are_counted(
        self, filled: Callable[..., str]
    ) -> None:
        source = filled(
            "cat/1.jpg", "cat/@eaDir/1.jpg/thumb.jpg", "cat/a/@EADIR/2.jpg", "cat/eaDir/3.jpg",
            "#recycle/cat/1.jpg", "$Recycle.Bin/S-1-5/1.jpg", "System Volume Information/1.jpg",
            "__MACOSX/cat/1.jpg", "dog/2.jpg", "recycler/3.jpg", "RECYCLER/4.jpg",
        )  # fmt: skip
        catalog = load_catalog(source)
        assert catalog.labels == {"cat": 0, "dog": 1, "recycler": 2}
        assert paths(catalog) == ["cat/1.jpg", "cat/eaDir/3.jpg", "dog/2.jpg", "recycler/3.jpg"]
        assert catalog.ignored == {
            "folder @eaDir, made by a system or a NAS": 2,
            "folder #recycle, made by a system or a NAS": 1,
            "folder $RECYCLE.BIN, made by a system or a NAS": 1,
            "folder System Volume Information, made by a system or a NAS": 1,
            "folder __MACOSX, made by a system or a NAS": 1,
            "folder RECYCLER, made by a system or a NAS": 1,
        }

    def test_results_of_ours_are_counted_wherever_they_lie(
        self, filled: Callable[..., str]
    ) -> None:
        source = filled(
            "cat/1.jpg", "cat/measured/evaluation.json", "cat/measured/kl_by_level.png",
            "out/run.json", "out/sampled_images.zip", "out/unpacked/cat/1.png",
            "begun/run.json", "begun/_shards/part-00000000.parquet", "begun/cat/1.png",
            "dog/run.json", "dog/2.jpg",
        )  # fmt: skip
        catalog = load_catalog(source)
        assert paths(catalog) == ["cat/1.jpg", "dog/2.jpg"]
        assert catalog.ignored == {"folder with results of raydrift": 3, NO_IMAGE: 1}

    def test_the_input_itself_may_be_any_of_them(self, filled: Callable[..., str]) -> None:
        source = filled("@eaDir/cat/1.jpg", "@eaDir/run.json", "@eaDir/sampled_images.zip")
        assert paths(load_catalog(f"{source}/@eaDir")) == ["cat/1.jpg"]

    def test_an_input_without_others_says_so(self, filled: Callable[..., str]) -> None:
        source = filled("lost+found/1.jpg", "notes.txt")
        assert refusal(source) == (
            f"input {source} has no images (1 other file; 1 folder lost+found, made by a system "
            "or a NAS): give a folder with one sub-folder a class"
        )

    def test_results_are_known_by_the_names_that_they_are_written_under(self) -> None:
        run, evaluation = RESULTS.items()
        assert run == (
            layout.RUN, (layout.ZIP, layout.INPUT_MAPPING, layout.LOCK, layout.SHARDS)
        )  # fmt: skip
        assert evaluation == (layout.EVALUATION, layout.EVALUATED)


class TestSplits:
    NAMES = ("train/cat/1.jpg", "train/dog/2.jpg", "val/cat/3.jpg", "test/4.jpg")

    def test_they_are_taken_for_classes_but_not_without_a_word(
        self, filled: Callable[..., str]
    ) -> None:
        catalog = load_catalog(filled(*self.NAMES))
        assert catalog.classes == ("test", "train", "val")
        assert catalog.notes == (
            "test, train and val look like splits of an image set, but are taken for classes: "
            "take one, as with --split train",
        )

    @pytest.mark.parametrize(
        ("names", "noted"),
        [
            (("Train2017/cat/1.jpg", "val_set/cat/2.jpg"), True),
            (("training/cat/1.jpg", "testing/cat/2.jpg", "notes/1.jpg"), True),
            (("train/cat/1.jpg",), True),
            (("train/1.jpg", "test/2.jpg"), True),
            (("train/1.jpg",), False),
            (("train/1.jpg", "bus/2.jpg", "ship/3.jpg"), False),
            (("train/steam/1.jpg", "bus/double/2.jpg"), False),
            (("cat/train/1.jpg", "dog/train/2.jpg"), False),
            (("valley/1.jpg", "tested/2.jpg"), False),
        ],
    )
    def test_what_looks_like_them(
        self, names: tuple[str, ...], noted: bool, tmp_path: Path
    ) -> None:
        assert bool(load_catalog(fill(tmp_path, *names)).notes) == noted

    def test_one_of_them_is_the_input(self, filled: Callable[..., str]) -> None:
        source = filled(*self.NAMES)
        catalog = load_catalog(source, split="train")
        assert class_of(catalog) == {"cat/1.jpg": "cat", "dog/2.jpg": "dog"}
        assert catalog.notes == ()
        assert catalog.digest() == load_catalog(f"{source}/train").digest()

    @pytest.mark.parametrize("split", ["trian", "..", "train/cat/1.jpg"])
    def test_one_that_is_not_there(self, split: str, filled: Callable[..., str]) -> None:
        with pytest.raises(CatalogError, match=f"has no folder '{split}' for --split: "):
            load_catalog(filled(*self.NAMES), split=split)

    def test_in_a_manifest_they_are_a_column(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class,split", "1.jpg,cat,train", "2.jpg,dog,test")
        assert class_of(load_catalog(source, split="test")) == {"2.jpg": "dog"}
        with pytest.raises(CatalogError, match=r"no split 'val': there are 'test', 'train'$"):
            load_catalog(source, split="val")
        other = csv(tmp_path, "path,class", "1.jpg,cat")
        with pytest.raises(CatalogError, match=r"has no column split, whose 'val' is asked for"):
            load_catalog(other, split="val")


class TestLinks:
    def test_a_linked_class_folder_is_followed(self, tmp_path: Path) -> None:
        fill(tmp_path / "elsewhere", "1.jpg", "deep/2.jpg")
        source = fill(tmp_path / "set", "dog/3.jpg")
        (tmp_path / "set" / "cat").symlink_to(tmp_path / "elsewhere")
        assert paths(load_catalog(source)) == ["cat/1.jpg", "cat/deep/2.jpg", "dog/3.jpg"]

    def test_a_linked_image_counts_with_the_size_of_its_file(self, tmp_path: Path) -> None:
        source = fill(tmp_path / "set", "cat/1.jpg")
        (tmp_path / "large").write_bytes(bytes(1000))
        (tmp_path / "set" / "cat" / "2.jpg").symlink_to(tmp_path / "large")
        assert load_catalog(source).table["size"].to_pylist() == [1, 1000]

    def test_a_linked_input_is_followed(self, tmp_path: Path) -> None:
        fill(tmp_path / "set", "cat/1.jpg")
        (tmp_path / "link").symlink_to(tmp_path / "set")
        assert paths(load_catalog(str(tmp_path / "link"))) == ["cat/1.jpg"]

    def test_a_loop_inside_a_class_ends(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "cat/1.jpg", "cat/deep/2.jpg")
        (tmp_path / "cat" / "deep" / "again").symlink_to(tmp_path / "cat")
        assert paths(load_catalog(source)) == ["cat/1.jpg", "cat/deep/2.jpg"]

    def test_a_link_to_the_input_itself_is_not_entered(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "cat/1.jpg", "dog/2.jpg")
        (tmp_path / "cat" / "all").symlink_to(tmp_path)
        assert paths(load_catalog(source)) == ["cat/1.jpg", "dog/2.jpg"]

    def test_a_link_to_itself_does_not_stop_the_listing(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "cat/1.jpg")
        for name in ("cat/self.txt", "self"):
            (tmp_path / name).symlink_to(tmp_path / name)
        assert paths(load_catalog(source)) == ["cat/1.jpg"]

    def test_a_dangling_link_is_listed_for_the_worker_to_reject(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "cat/1.jpg")
        (tmp_path / "cat" / "2.jpg").symlink_to(tmp_path / "gone.jpg")
        catalog = load_catalog(source)
        assert paths(catalog) == ["cat/1.jpg", "cat/2.jpg"]
        assert catalog.table["size"].to_pylist() == [1, -1]

    def test_a_link_to_itself_is_listed_for_the_worker_to_reject(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "cat/1.jpg")
        (tmp_path / "cat" / "2.jpg").symlink_to("2.jpg")
        catalog = load_catalog(source)
        assert paths(catalog) == ["cat/1.jpg", "cat/2.jpg"]
        assert catalog.table["size"].to_pylist() == [1, -1]

    def test_pipes_and_devices_whose_readers_would_wait_for_ever_are_ignored_and_counted(
        self, tmp_path: Path
    ) -> None:
        source = fill(tmp_path, "cat/1.jpg")
        for folder in (tmp_path, tmp_path / "cat"):
            os.mkfifo(folder / "2.jpg")
        (tmp_path / "cat" / "3.jpg").symlink_to("/dev/zero")
        catalog = load_catalog(source)
        assert paths(catalog) == ["cat/1.jpg"]
        assert catalog.ignored == {"neither a file nor a folder": 3}


class TestNothingToSample:
    def test_an_input_that_is_not_there(self, filled: Callable[..., str]) -> None:
        source = filled() + "/missing"
        assert refusal(source) == f"input {source} is not there: give a folder or a manifest"

    def test_an_empty_folder(self, filled: Callable[..., str]) -> None:
        source = filled()
        assert refusal(source) == (
            f"input {source} has no images: give a folder with one sub-folder a class"
        )

    def test_a_folder_without_images(self, filled: Callable[..., str]) -> None:
        source = filled("cat/1.txt", "dog/2.pdf", "README.md")
        assert refusal(source) == (
            f"input {source} has no images (3 other files): "
            "give a folder with one sub-folder a class"
        )

    def test_images_but_no_class_folders(self, filled: Callable[..., str]) -> None:
        remedy = (
            "move images into one sub-folder a class, list them in a manifest, or give --labels "
            "FILE with their classes, or --labels none"
        )
        source = filled("1.jpg", "README.md")
        assert refusal(source) == f"input {source} has 1 image but no class folders: {remedy}"
        source = filled("2.jpg")
        assert refusal(source) == f"input {source} has 2 images but no class folders: {remedy}"

    def test_what_is_there_instead_of_images_is_counted(self, filled: Callable[..., str]) -> None:
        source = filled("cat/1.txt", "cat/@eaDir/1.jpg", "dog/@eaDir/1.jpg")
        assert refusal(source) == (
            f"input {source} has no images (1 other file; 2 folders @eaDir, made by a system or a "
            "NAS): give a folder with one sub-folder a class"
        )

    def test_a_file_that_is_no_manifest(self, tmp_path: Path) -> None:
        source = fill(tmp_path, "1.jpg") + "/1.jpg"
        assert refusal(source) == (
            f"input {source} is a file: give a folder, or a .parquet, .csv, .manifest or .jsonl "
            "manifest"
        )


class TestClassMapping:
    def test_sorted_names_count_up_by_default(self) -> None:
        assert class_labels(("ape", "bee", "cat"), None) == {"ape": 0, "bee": 1, "cat": 2}

    def test_a_mapping_gives_new_labels(self) -> None:
        assert class_labels(("ape", "bee"), {"bee": -3, "ape": 7}) == {"ape": 7, "bee": -3}

    def test_several_classes_may_share_a_label(self) -> None:
        assert class_labels(("ape", "bee"), {"ape": 1, "bee": 1}) == {"ape": 1, "bee": 1}

    def test_numpys_integers_become_pythons(self) -> None:
        labels = class_labels(("ape",), {"ape": np.int64(3)})  # type: ignore[dict-item]
        assert type(labels["ape"]) is int

    @pytest.mark.parametrize(
        ("mapping", "message"),
        [
            ({"ape": 0}, "class_mapping has no label for the class 'bee'"),
            ({}, "class_mapping has no label for the class 'ape'"),
            (
                {"ape": 0, "bee": 1, "cow": 2},
                "class_mapping names an unknown class 'cow': there are 'ape', 'bee'",
            ),
            (
                {"ape": 0, "bee": 1.0},
                "class_mapping gives 'bee' the label 1.0, not an integer",
            ),
            (
                {"ape": True, "bee": 1},
                "class_mapping gives 'ape' the label True, not an integer",
            ),
            (
                {"ape": "0", "bee": 1},
                "class_mapping gives 'ape' the label '0', not an integer",
            ),
        ],
    )
    def test_a_mapping_has_to_name_exactly_the_classes(
        self, mapping: dict[str, Any], message: str, tmp_path: Path
    ) -> None:
        assert refusal(fill(tmp_path, "ape/1.jpg", "bee/2.jpg"), mapping) == message

    def test_an_unknown_class_is_answered_with_20_known_ones_at_most(self) -> None:
        classes = tuple(f"{number:02d}" for number in range(30))
        with pytest.raises(CatalogError) as caught:
            class_labels(classes, dict.fromkeys(classes, 0) | {"x": 0})
        assert str(caught.value).endswith("'18', '19'")

    @pytest.mark.parametrize("label", [2**63, -(2**63) - 1])
    def test_a_label_that_int64_cannot_hold_is_refused(self, label: int) -> None:
        with pytest.raises(CatalogError) as caught:
            class_labels(("ape",), {"ape": label})
        assert str(caught.value) == f"class_mapping gives 'ape' the label {label}, beyond 64 bits"


def csv(folder: Path, *lines: str) -> str:
    file = folder / "manifest.csv"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(file)


def parquet(folder: Path, **columns: Any) -> str:
    file = folder / "manifest.parquet"
    pq.write_table(pa.table({name.rstrip("_"): values for name, values in columns.items()}), file)
    return str(file)


class TestManifest:
    def test_with_classes_in_csv(self, tmp_path: Path) -> None:
        catalog = load_catalog(csv(tmp_path, "path,class", "b/1.jpg,dog", "a/2.jpg,cat"))
        assert class_of(catalog) == {"a/2.jpg": "cat", "b/1.jpg": "dog"}
        assert catalog.labels == {"cat": 0, "dog": 1}

    def test_with_classes_in_parquet(self, tmp_path: Path) -> None:
        source = parquet(tmp_path, path=["b/1.jpg", "a/2.jpg"], class_=["dog", "cat"])
        catalog = load_catalog(source)
        assert class_of(catalog) == {"a/2.jpg": "cat", "b/1.jpg": "dog"}
        assert catalog.labels == {"cat": 0, "dog": 1}

    def test_with_labels_which_are_kept(self, tmp_path: Path) -> None:
        catalog = load_catalog(csv(tmp_path, "path,label", "1.jpg,9", "2.jpg,-10", "3.jpg,9"))
        assert class_of(catalog) == {"1.jpg": "9", "2.jpg": "-10", "3.jpg": "9"}
        assert catalog.labels == {"9": 9, "-10": -10}

    def test_with_both(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "label,path,class", "7,1.jpg,dog", "3,2.jpg,cat", "7,3.jpg,cow")
        catalog = load_catalog(source)
        assert class_of(catalog) == {"1.jpg": "dog", "2.jpg": "cat", "3.jpg": "cow"}
        assert catalog.labels == {"cat": 3, "cow": 7, "dog": 7}

    def test_with_a_class_of_two_labels(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class,label", "1.jpg,dog,7", "2.jpg,dog,3")
        assert refusal(source) == f"manifest {source}: class 'dog' has the labels 7 and 3"

    def test_with_a_class_mapping_over_its_labels(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class,label", "1.jpg,dog,7", "2.jpg,cat,3")
        assert load_catalog(source, {"dog": 0, "cat": 0}).labels == {"cat": 0, "dog": 0}

    def test_with_classes_that_look_like_numbers_or_nothing(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", "1.jpg,007", "2.jpg,NA", "3.jpg,null", "4.jpg,1.50")
        assert load_catalog(source).classes == ("007", "1.50", "NA", "null")

    def test_with_whole_numbers_as_classes(self, tmp_path: Path) -> None:
        catalog = load_catalog(parquet(tmp_path, path=["1.jpg", "2.jpg"], class_=[10, 9]))
        assert catalog.labels == {"10": 0, "9": 1}

    @pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
    def test_with_other_kinds_of_text(self, kind: pa.DataType, tmp_path: Path) -> None:
        names = pa.array(["b", "a"]).cast(kind)
        catalog = load_catalog(parquet(tmp_path, path=names, class_=names))
        assert class_of(catalog) == {"a": "a", "b": "b"}
        assert catalog.table.schema.field("path").type == pa.large_string()

    @pytest.mark.parametrize("name", ["a b.jpg", "100%.jpg", f"{NFC}.jpg", f"{NFD}.jpg", "a,b.jpg"])
    def test_with_any_names(self, name: str, tmp_path: Path) -> None:
        assert paths(load_catalog(csv(tmp_path, "path,class", f'"{name}",cat'))) == [name]

    def test_with_a_newline_in_a_name(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", '"new\nline.jpg",cat', "2.jpg,cat")
        assert paths(load_catalog(source)) == ["2.jpg", "new\nline.jpg"]

    def test_with_newlines_in_names_wherever_a_block_of_the_file_ends(self, tmp_path: Path) -> None:
        lines = "\n" * 100
        rows = [f'"{number}{lines}.jpg",cat' for number in range(20_000)]
        assert len(load_catalog(csv(tmp_path, "path,class", *rows))) == 20_000

    def test_with_sizes_it_does_not_tell(self, tmp_path: Path) -> None:
        table = load_catalog(csv(tmp_path, "path,class", "1.jpg,cat")).table
        assert table.schema == pa.schema(
            [
                ("path", pa.large_string()),
                ("class_index", pa.int32()),
                ("size", pa.int64()),
                ("modified", pa.int64()),
            ]
        )
        assert table["size"].to_pylist() == [-1]

    def test_with_a_suffix_in_capitals(self, tmp_path: Path) -> None:
        Path(csv(tmp_path, "path,class", "1.jpg,cat")).rename(tmp_path / "SET.CSV")
        assert paths(load_catalog(f"{tmp_path}/SET.CSV")) == ["1.jpg"]

    @pytest.mark.parametrize("name", ["path", "class", "label"])
    def test_with_a_column_twice(self, name: str, tmp_path: Path) -> None:
        source = csv(tmp_path, f"path,class,label,{name}", "1.jpg,cat,1,1")
        assert refusal(source) == f"manifest {source} has 2 columns {name}: keep one"

    @pytest.mark.parametrize("columns", ["file,class", "path,kind", "path"])
    def test_without_its_columns(self, columns: str, tmp_path: Path) -> None:
        source = csv(tmp_path, columns, columns)
        named = columns.replace(",", ", ")
        assert refusal(source).startswith(
            f"manifest {source} has the columns {named}: it needs path and one of class, label"
        )

    @pytest.mark.parametrize(
        ("columns", "remedy"),
        [
            ("filename,category", "rename 'filename' to path and 'category' to class"),
            ("Path,Class", "rename 'Path' to path and 'Class' to class"),
            ("path,kind", "label"),
        ],
    )
    def test_with_columns_of_other_names(self, columns: str, remedy: str, tmp_path: Path) -> None:
        assert refusal(csv(tmp_path, columns, "1.jpg,cat")).endswith(remedy)

    def test_with_hugging_faces_name_for_paths(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "file_name,label", "007.jpg,1", "2.jpg,0")
        assert class_of(load_catalog(source)) == {"007.jpg": "1", "2.jpg": "0"}

    @pytest.mark.parametrize("separator", [";", "\t", "|"])
    def test_with_another_separator(self, separator: str, tmp_path: Path) -> None:
        lines = ('\ufeff"path";class;size', '"a,b.jpg";cat;3')
        source = csv(tmp_path, *(line.replace(";", separator) for line in lines))
        assert class_of(load_catalog(source)) == {"a,b.jpg": "cat"}

    def test_with_another_encoding(self, tmp_path: Path) -> None:
        (tmp_path / "m.csv").write_bytes("path,class\ncafé.jpg,cat\n".encode("latin-1"))
        assert refusal(tmp_path / "m.csv").endswith(": save it as UTF-8")

    @pytest.mark.parametrize(
        "labels",
        [[0.0, 3.0], [np.float32(0), np.float32(3)], pa.array([0, 3]).cast(pa.decimal128(22, 2))],
    )
    def test_with_labels_that_are_whole_though_not_integers(
        self, labels: Any, tmp_path: Path
    ) -> None:
        names = ["1.jpg", "2.jpg"]
        both = parquet(tmp_path, path=names, class_=["cat", "dog"], label=labels)
        assert load_catalog(both).labels == {"cat": 0, "dog": 3}
        alone = parquet(tmp_path, path=names, label=labels)
        assert load_catalog(alone).labels == {"0": 0, "3": 3}

    @pytest.mark.parametrize("label", ["1.5", "cat", "inf"])
    def test_with_labels_beside_a_class_that_are_none(self, label: str, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class,label", f"1.jpg,cat,{label}")
        assert refusal(source).endswith("not an integer: remove the column, or give whole numbers")
        assert load_catalog(source, {"cat": 4}).labels == {"cat": 4}

    def test_with_a_gap_that_pandas_filled(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class,label", "1.jpg,cat,0.0", "2.jpg,cat,nan")
        assert refusal(source) == f"manifest {source}: row 1 has no label"

    @pytest.mark.parametrize("missing", ["path", "class", "label"])
    def test_with_a_gap_in_parquet(self, missing: str, tmp_path: Path) -> None:
        columns: dict[str, list[Any]] = {"path": ["1", "2"], "class": ["a", "b"], "label": [1, 2]}
        columns[missing][1] = None
        source = parquet(
            tmp_path, path=columns["path"], class_=columns["class"], label=columns["label"]
        )
        assert refusal(source) == f"manifest {source}: row 1 has no {missing}"

    @pytest.mark.parametrize(
        ("row", "missing"), [(",cat,1", "path"), ("2.jpg,,1", "class"), ("2.jpg,cat,", "label")]
    )
    def test_with_a_gap_in_csv(self, row: str, missing: str, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class,label", "1.jpg,cat,1", row)
        assert refusal(source) == f"manifest {source}: row 1 has no {missing}"

    @pytest.mark.parametrize(("label", "kind"), [("1.5", "double"), ("cat", "string")])
    def test_with_labels_that_are_no_integers(self, label: str, kind: str, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,label", f"1.jpg,{label}")
        assert refusal(source) == (
            f"manifest {source}: label is {kind}, not an integer: call the column class"
        )

    def test_with_no_rows(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class")
        assert refusal(source) == f"manifest {source} is empty"

    def test_with_nothing_in_it(self, tmp_path: Path) -> None:
        source = csv(tmp_path)
        assert refusal(source) == f"manifest {source}: Empty CSV file"

    def test_with_rows_of_different_length(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", "1.jpg,cat,3")
        assert refusal(source).startswith(f"manifest {source}: CSV parse error: Expected 2 columns")

    def test_that_is_parquet_by_name_only(self, tmp_path: Path) -> None:
        (tmp_path / "manifest.parquet").write_bytes(b"path,class\n1.jpg,cat\n")
        assert refusal(tmp_path / "manifest.parquet").startswith(
            f"manifest {tmp_path}/manifest.parquet: "
        )

    @pytest.mark.parametrize(
        "columns",
        [
            {"path": ["1.jpg"], "class_": [["cat"]]},
            {"path": ["1.jpg"], "class_": [b"\xff"]},
            {"path": [b"\xff.jpg"], "class_": ["cat"]},
        ],
        ids=["a list", "a class that is no text", "a path that is no text"],
    )
    def test_with_columns_that_are_no_text(self, columns: dict[str, Any], tmp_path: Path) -> None:
        source = parquet(tmp_path, **columns)
        assert refusal(source).startswith(f"manifest {source}: ")

    def test_with_a_label_that_int64_cannot_hold(self, tmp_path: Path) -> None:
        source = parquet(tmp_path, path=["1.jpg"], label=pa.array([2**63], pa.uint64()))
        assert refusal(source).startswith(f"manifest {source}: ")


class TestRepeatedFiles:
    @pytest.mark.parametrize(
        "again", ["a/1.jpg", "./a/1.jpg", "a//1.jpg", "b/../a/1.jpg", "{}/a/1.jpg"]
    )
    def test_in_two_classes_they_contradict(self, again: str, tmp_path: Path) -> None:
        again = again.format(tmp_path)
        rows = ("b/2.jpg,dog", "a/1.jpg,cat", f"{again},dog", "a/1.jpg,eel", "b/2.jpg,eel")
        source = csv(tmp_path, "path,class", *rows[:3])
        first = f"{tmp_path}/a/1.jpg" if again.startswith("/") else "a/1.jpg"
        said = f"manifest {source}: {first!r} is in the classes 'cat' and 'dog'"
        assert refusal(source) == f"{said}: give each file one class"
        source = csv(tmp_path, "path,class", *rows[1:], "b/2.jpg,dog")
        said = f"manifest {source}: {first!r} is in the classes 'cat' and 'eel', as 1 others"
        assert refusal(source) == f"{said}: give each file one class"

    def test_in_one_class_they_are_samples_of_their_own_and_noted(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", "1.jpg,cat", "./1.jpg,cat", "1.jpg,cat", "2.jpg,cat")
        catalog = load_catalog(source)
        assert len(catalog) == 4
        assert catalog.notes == (
            "2 rows name files that another row names too: each row is a sample",
        )

    def test_on_a_store_other_names_are_other_files(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", "memory://b/a/1.jpg,cat", "memory://b/a//1.jpg,dog")
        assert len(load_catalog(source)) == 2


class TestManifestPaths:
    def opened(self, catalog: Catalog) -> bytes:
        """What a worker reads for the first row."""
        (path,) = paths(catalog)
        place = (
            StoragePath(catalog.root.filesystem, path, path)
            if path.startswith("/")
            else catalog.root / path
        )
        return place.read_bytes()

    def test_relative_ones_start_from_the_manifests_folder(self, tmp_path: Path) -> None:
        fill(tmp_path, "images/1.jpg")
        catalog = load_catalog(csv(tmp_path, "path,class", "images/1.jpg,cat"))
        assert catalog.root.path == str(tmp_path)
        assert self.opened(catalog) == b"x"

    def test_relative_ones_may_lead_out_of_it(self, tmp_path: Path) -> None:
        fill(tmp_path, "images/1.jpg")
        (tmp_path / "lists").mkdir()
        source = csv(tmp_path / "lists", "path,class", "../images/1.jpg,cat")
        assert self.opened(load_catalog(source)) == b"x"

    def test_they_start_there_from_any_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(tmp_path, "1.jpg")
        csv(tmp_path, "path,class", "1.jpg,cat")
        monkeypatch.chdir(tmp_path)
        catalog = load_catalog("manifest.csv")
        monkeypatch.chdir("/")
        assert self.opened(catalog) == b"x"

    def test_absolute_ones_stand_for_themselves(self, tmp_path: Path) -> None:
        fill(tmp_path / "images", "1.jpg")
        (tmp_path / "lists").mkdir()
        source = csv(tmp_path / "lists", "path,class", f"{tmp_path}/images/1.jpg,cat")
        assert self.opened(load_catalog(source)) == b"x"

    def test_uris_stand_for_themselves(self, tmp_path: Path) -> None:
        fill(tmp_path, "1.jpg")
        source = csv(tmp_path, "path,class", f"file://{tmp_path}/1.jpg,cat")
        assert self.opened(load_catalog(source)) == b"x"

    def test_uris_may_lead_to_another_filesystem(
        self, tmp_path: Path, filled: Callable[..., str]
    ) -> None:
        folder = filled("cat/1.jpg")
        uri = folder if "://" in folder else f"file://{folder}"
        catalog = load_catalog(csv(tmp_path, "path,class", f"{uri}/cat/1.jpg,cat"))
        assert self.opened(catalog) == b"x"

    def test_a_manifest_may_lie_on_another_filesystem(self) -> None:
        memory = fsspec.filesystem("memory")
        memory.pipe("/lists/a/manifest.csv", b"path,class\ncat/1.jpg,cat\n")
        memory.pipe("/lists/a/cat/1.jpg", b"far")
        assert self.opened(load_catalog("memory://lists/a/manifest.csv")) == b"far"
        memory.rm("/lists", recursive=True)

    def test_all_have_one_scheme(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", "memory://a/1.jpg,cat", "file:///a/2.jpg,cat")
        assert refusal(source) == (
            f"manifest {source}: all paths must start with memory://, as the first"
        )

    def test_a_uri_after_a_path_is_refused_like_a_path_after_a_uri(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", "1.jpg,cat", "memory://a/1.jpg,cat")
        assert refusal(source) == (
            f"manifest {source}: all paths must be without ://, as the first"
        )

    def test_all_lie_in_one_bucket(self, tmp_path: Path) -> None:
        source = csv(tmp_path, "path,class", "memory://a/1.jpg,cat", "memory://b/2.jpg,cat")
        assert refusal(source) == f"manifest {source}: all paths must be in one bucket, memory://a/"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """100 images in 3 classes."""
    names = [f"{'abc'[number % 3]}/{number:03d}.jpg" for number in range(100)]
    return load_catalog(fill(tmp_path, *names), {"a": 5, "b": 5, "c": -1})


class TestOrder:
    @given(st.integers(0, 2**64 - 1))
    def test_it_is_a_permutation(self, seed: int) -> None:
        table = pa.table({"path": ["x"] * 57})
        order = Catalog(StoragePath.of("/"), table, (), {}).order(seed, shuffle=True)
        assert sorted(order.tolist()) == list(range(57))

    def test_it_depends_on_the_seed_alone(self, catalog: Catalog) -> None:
        assert catalog.order(1, True).tolist() == catalog.order(1, True).tolist()
        assert catalog.order(1, True).tolist() != catalog.order(2, True).tolist()

    def test_it_is_the_same_on_every_machine_and_in_every_version(self, catalog: Catalog) -> None:
        assert catalog.order(42, True)[:8].tolist() == [78, 66, 58, 5, 96, 86, 0, 2]

    def test_without_shuffle_it_is_that_of_the_paths(self, catalog: Catalog) -> None:
        assert catalog.order(1, False).tolist() == list(range(100))

    def test_it_does_not_depend_on_how_the_files_were_listed(self, tmp_path: Path) -> None:
        names = [f"{folder}/{number}.jpg" for folder in "ab" for number in range(20)]
        orders = []
        for place, listed in (("one", names), ("two", names[::-1])):
            catalog = load_catalog(fill(tmp_path / place, *listed))
            orders.append([paths(catalog)[row] for row in catalog.order(1, True)])
        manifest = csv(
            tmp_path, "path,class", *(f"{name},{name[0]}" for name in names[1::2] + names[::2])
        )
        catalog = load_catalog(manifest)
        orders.append([paths(catalog)[row] for row in catalog.order(1, True)])
        assert orders[0] == orders[1] == orders[2]

    def test_classes_are_mixed(self, scenes: Path) -> None:
        catalog = load_catalog(str(scenes))
        classes = catalog.table["class_index"].to_numpy()[catalog.order(42, True)]
        assert len(set(classes[:24].tolist())) == 6


class TestSamples:
    def samples(self, catalog: Catalog, first: int, count: int, shuffle: bool = True) -> pa.Table:
        return catalog.samples(
            catalog.order(42, shuffle),
            first,
            count,
            shard=7,
            first_timestamp=1717232400.0,
            delta_timestamp=1800.0,
        )

    def test_they_have_the_schema_of_a_task(self, catalog: Catalog) -> None:
        assert self.samples(catalog, 0, 10).schema == schemas.TASK

    def test_ids_and_timestamps_count_on_from_the_first(self, catalog: Catalog) -> None:
        table = self.samples(catalog, 10, 3)
        assert table["sample_id"].to_pylist() == [10, 11, 12]
        assert table["timestamp"].to_pylist() == [1717250400.0, 1717252200.0, 1717254000.0]
        assert table["shard"].to_pylist() == [7, 7, 7]

    def test_each_has_the_class_and_label_of_its_image(self, catalog: Catalog) -> None:
        for row in self.samples(catalog, 0, 100).to_pylist():
            assert row["class_name"] == row["source_path"][0]
            assert row["label"] == {"a": 5, "b": 5, "c": -1}[row["class_name"]]

    def test_all_of_them_are_all_images_once(self, catalog: Catalog) -> None:
        sources = self.samples(catalog, 0, 100)["source_path"].to_pylist()
        assert sorted(sources) == paths(catalog)

    @given(st.integers(1, 99))
    def test_two_parts_are_the_whole(self, cut: int) -> None:
        table = pa.table(
            {
                "path": [str(number) for number in range(100)],
                "class_index": np.zeros(100, np.int32),
                "size": np.zeros(100, np.int64),
                "modified": np.zeros(100, np.int64),
            }
        )
        catalog = Catalog(StoragePath.of("/"), table, ("a",), {"a": 0})
        parts = [self.samples(catalog, 0, cut), self.samples(catalog, cut, 100 - cut)]
        assert pa.concat_tables(parts).equals(self.samples(catalog, 0, 100))

    def test_past_the_end_there_are_no_more(self, catalog: Catalog) -> None:
        assert self.samples(catalog, 98, 10)["sample_id"].to_pylist() == [98, 99]
        assert self.samples(catalog, 100, 10).num_rows == 0


def test_many_classes_cost_no_more_than_their_names_take() -> None:
    """A label for each of 100,000 classes, and samples of a few of them, at once."""
    names = tuple(f"class {number:06d}" for number in range(100_000))
    labels = {name: label for label, name in enumerate(names)}
    start = time.process_time()
    assert class_labels(names, labels) == labels
    assert time.process_time() - start < 2  # 150 s where each was looked for in a row
    index = np.arange(len(names), dtype=np.int32)
    facts = np.ones_like(index, np.int64)
    table = pa.table({"path": names, "class_index": index, "size": facts, "modified": facts})
    few, many = (
        Catalog(StoragePath.of("/"), table.slice(0, count), names[:count], labels)
        for count in (100, len(names))
    )
    assert _seconds_of_a_shard(many) < 5 * _seconds_of_a_shard(few)  # 25 where all are looked at


def _seconds_of_a_shard(catalog: Catalog) -> float:
    order, seconds = catalog.order(1, True), []
    for _ in range(20):
        start = time.process_time()
        catalog.samples(order, 0, 100, shard=0, first_timestamp=0.0, delta_timestamp=1.0)
        seconds.append(time.process_time() - start)
    return min(seconds)


class TestDigest:
    def digest(self, folder: Path) -> str:
        return load_catalog(str(folder)).digest()

    def test_it_does_not_depend_on_where_the_folder_lies(
        self, tmp_path_factory: pytest.TempPathFactory, filled: Callable[..., str]
    ) -> None:
        names, elsewhere = ("cat/1.jpg", "dog/2.jpg"), tmp_path_factory.mktemp("elsewhere")
        fill(elsewhere, *names)
        assert load_catalog(filled(*names)).digest() == self.digest(elsewhere)

    def test_it_does_not_depend_on_files_that_are_no_images(self, tmp_path: Path) -> None:
        before = self.digest(Path(fill(tmp_path, "cat/1.jpg")))
        assert self.digest(Path(fill(tmp_path, "cat/1.txt", "2.jpg", ".cache/3.jpg"))) == before

    @pytest.mark.parametrize(
        "change",
        [
            lambda folder: (folder / "cat/1.jpg").rename(folder / "cat/3.jpg"),
            lambda folder: (folder / "cat/1.jpg").rename(folder / "dog/1.jpg"),
            lambda folder: (folder / "cat").rename(folder / "cow"),
            lambda folder: (folder / "cat/1.jpg").unlink(),
            lambda folder: fill(folder, "cat/3.jpg"),
        ],
        ids=["name", "folder", "class", "one less", "one more"],
    )
    def test_it_changes_with(self, change: Callable[[Path], object], tmp_path: Path) -> None:
        before = self.digest(Path(fill(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/2.jpg")))
        change(tmp_path)
        assert self.digest(tmp_path) != before

    def test_it_does_not_depend_on_what_is_in_the_files(self, tmp_path: Path) -> None:
        """Which are looked at where their states are others."""
        before = load_catalog(fill(tmp_path, "cat/1.jpg", "cat/2.jpg"))
        (tmp_path / "cat/1.jpg").write_bytes(b"xx")
        os.utime(tmp_path / "cat/2.jpg", ns=(5, 5))
        after = load_catalog(str(tmp_path))
        assert after.digest() == before.digest()
        assert after.table["size"].to_pylist() == [2, 1]
        assert after.table["modified"][1].as_py() == 5
        assert all(after.states() != before.states())

    def test_it_changes_with_a_class_in_a_manifest(self, tmp_path: Path) -> None:
        digests = {
            load_catalog(csv(tmp_path, "path,class", "1,cat", "2,dog", f"3,{name}")).digest()
            for name in ("cat", "dog", "cow")
        }
        assert len(digests) == 3

    def test_it_knows_where_one_name_ends_and_the_next_begins(self, tmp_path: Path) -> None:
        digests = {
            load_catalog(csv(tmp_path, "path,class", *rows)).digest()
            for rows in (("ab,x", "c,x"), ("a,x", "bc,x"), ("a,x", "b,x", "c,x"))
        }
        assert len(digests) == 3


def test_a_store_that_shows_no_folders_has_the_classes_that_its_names_tell(
    scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Arrow lists Google's; here fsspec's memory is taken for one."""
    root = StoragePath.of("memory://no-folders/in")
    for path in scenes.glob("*/*.jpg"):
        folder = root / path.parent.name
        folder.create()
        (folder / path.name).write_bytes(path.read_bytes())
    (root / "beside.jpg").write_bytes(b"")
    usual = load_catalog(root.uri)
    monkeypatch.setattr(folders, "_SHOWS_NO_FOLDERS", root.filesystem.type_name)
    unusual = load_catalog(root.uri)
    assert unusual.table.equals(usual.table)
    assert (unusual.classes, unusual.ignored) == (usual.classes, usual.ignored)
    assert (len(unusual), unusual.ignored) == (72, {"image outside the class folders": 1})

"""Class folders to listings, by the rules of Keras and of mltk."""

import json
import os
import random
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.errors import CatalogError, SettingsError
from raydrift.flows.listing import KERAS, MLTK, Listing, ListingRules, list_directory
from raydrift.flows.listing_checks import EmptyClassError

ORACLE = Path(__file__).parents[3] / "shared" / "flows" / "oracle.npz"


def make(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.filterwarnings("ignore:directory:UserWarning")
@pytest.mark.parametrize("library", ["kp112", "keras3"])
@pytest.mark.parametrize(
    ("part", "split"), [("None", None), ("training", (0.3, 1)), ("validation", (0, 0.3))]
)
def test_listings_are_those_of_keras(
    tmp_path: Path, library: str, part: str, split: tuple[float, float] | None
) -> None:
    if not ORACLE.is_file():
        pytest.skip(f"no oracle at {ORACLE}")
    told = json.loads(str(np.load(ORACLE)["tell"]))["directory"][library]
    make(tmp_path, *told["None"]["filenames"], "b/5.gif", "empty/notes.txt", "at the top.png")
    listing = list_directory(tmp_path, split=split)
    assert listing.filenames == told[part]["filenames"]
    assert listing.classes.tolist() == told[part]["classes"]
    assert listing.class_indices == told[part]["class_indices"]


def test_folders_come_in_the_order_of_their_paths_and_files_sorted_in_each(tmp_path: Path) -> None:
    make(tmp_path, "a/2.png", "a/10.png", "a/s/z.png", "a/s-1/y.png", "a/s/t/x.png")
    in_folders = ["a/10.png", "a/2.png", "a/s/z.png", "a/s-1/y.png", "a/s/t/x.png"]
    assert list_directory(tmp_path).filenames == in_folders
    assert list_directory(tmp_path, rules=MLTK).filenames == sorted(in_folders)


def test_names_end_in_a_format_in_any_case_and_with_or_without_a_dot(tmp_path: Path) -> None:
    make(tmp_path, "a/1.PNG", "a/2_jpg", "a/.hidden.ppm", "a/3.gif", "a/4.webp", "a/5.npy")
    assert list_directory(tmp_path).filenames == ["a/.hidden.ppm", "a/1.PNG", "a/2_jpg"]
    assert "a/5.npy" in list_directory(tmp_path, rules=MLTK).filenames


def test_classes_are_all_folders_or_those_that_are_given_in_their_order(tmp_path: Path) -> None:
    make(tmp_path, "b/1.png", "B/1.png", ".hidden/1.png", "a b/1.png", "c/d/1.png")
    listing = list_directory(tmp_path)
    assert list(listing.class_indices) == [".hidden", "B", "a b", "b", "c"]
    assert listing.classes.dtype == np.int32
    given_ones = list_directory(tmp_path, ["b", "a b", "c/d"])
    assert given_ones.class_indices == {"b": 0, "a b": 1, "c/d": 2}
    assert given_ones.filenames == ["b/1.png", "a b/1.png", "c/d/1.png"]


def test_paths_begin_with_the_directory(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png")
    assert list_directory(tmp_path).filepaths == [str(tmp_path / "a/1.png")]
    assert list_directory(f"{tmp_path}/").filepaths == [str(tmp_path / "a/1.png")]


def test_a_uri_of_this_machine_is_a_path(tmp_path: Path) -> None:
    """In a URI %41 is an A; in a file's name it is what it looks like."""
    make(tmp_path / "a b", "c/%41.png")
    listing = list_directory(f"file://{tmp_path}/a%20b")
    assert listing.filepaths == [str(tmp_path / "a b/c/%41.png")]


def test_linked_classes_and_files_count_and_linked_folders_where_they_are_followed(
    tmp_path: Path,
) -> None:
    make(tmp_path, "elsewhere/b/2.png", "data/a/1.png")
    (tmp_path / "data/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data/a/3.png").symlink_to(tmp_path / "elsewhere/b/2.png")
    (tmp_path / "data/a/gone.png").symlink_to("nowhere")
    (tmp_path / "data/a/below").symlink_to(tmp_path / "elsewhere/b")
    found = ["a/1.png", "a/3.png", "a/gone.png", "linked/b/2.png"]
    assert list_directory(tmp_path / "data").filenames == found
    followed = [*found[:3], "a/below/2.png", found[3]]
    assert list_directory(tmp_path / "data", follow_links=True).filenames == followed


def test_links_that_lead_to_themselves_end(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png", "a/b/2.png")
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    (tmp_path / "a/self").symlink_to("self")
    (tmp_path / "a/b/top").symlink_to(tmp_path)
    listing = list_directory(tmp_path, follow_links=True)
    assert listing.filenames == ["a/1.png", "a/b/2.png"]


def test_a_pipe_is_passed_over(tmp_path: Path) -> None:
    """Who opened it would wait for ever."""
    make(tmp_path, "a/1.png")
    os.mkfifo(tmp_path / "a/2.png")
    assert list_directory(tmp_path).filenames == ["a/1.png"]


def test_validation_has_the_first_files_of_each_class(tmp_path: Path) -> None:
    make(tmp_path, *(f"{name}/{number}.png" for name in "ab" for number in range(7)))
    validation = list_directory(tmp_path, split=(0, 0.25))
    training = list_directory(tmp_path, split=(0.25, 1))
    assert validation.filenames == ["a/0.png", "b/0.png"]
    assert training.counts == {"a": 6, "b": 6}
    by_mltk = list_directory(tmp_path, split=(0, 0.25), rules=MLTK)
    assert by_mltk.filenames == ["a/0.png", "a/1.png", "b/0.png", "b/1.png"]


@given(st.floats(0.001, 0.999), st.integers(0, 1_000), st.sampled_from([KERAS, MLTK]))
def test_parts_share_nothing_and_leave_nothing_out(
    share: float, count: int, rules: ListingRules
) -> None:
    files = range(count)
    parts = [*files[rules.part((0, share), count)], *files[rules.part((share, 1), count)]]
    assert parts == list(files)


def test_rows_are_those_of_the_whole_listing(tmp_path: Path) -> None:
    make(tmp_path, *(f"{name}/{number}.png" for name in "abc" for number in range(5)))
    whole = list_directory(tmp_path)
    assert whole.rows.tolist() == list(range(15))
    for split in ((0, 0.4), (0.4, 1)):
        for most in (-1, 1, 2):
            part = list_directory(tmp_path, split=split, max_samples_per_class=most)
            assert part.rows.dtype == np.int64
            assert [whole.filenames[row] for row in part.rows] == part.filenames


def test_at_most_so_many_files_of_a_class_after_the_split(tmp_path: Path) -> None:
    make(tmp_path, "a/0.png", *(f"b/{number}.png" for number in range(6)))
    counts: dict[str, int] = {}
    listing = list_directory(
        tmp_path, split=(0, 1), max_samples_per_class=2, rules=MLTK, class_counts=counts
    )
    assert listing.filenames == ["a/0.png", "b/0.png", "b/1.png"]
    assert counts == {"a": 1, "b": 2}
    with pytest.raises(SettingsError, match="max_samples_per_class is 0: give 1 or more, or -1"):
        list_directory(tmp_path, max_samples_per_class=0)


class TestIndex:
    """A user's order of the files of each class, kept in a folder of the user's."""

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        return make(tmp_path / "data", *(f"a/{number}.png" for number in range(9)))

    def listed(self, data: Path, folder: Path, **options: Any) -> Listing:
        return list_directory(data, ["a"], rules=MLTK, shuffle_index_dir=folder, **options)

    def test_files_are_shuffled_once_by_the_seed_and_kept(self, data: Path, tmp_path: Path) -> None:
        state = random.getstate()
        first = self.listed(data, tmp_path / "kept", seed=7)
        assert random.getstate() == state
        names = [f"a/{number}.png" for number in range(9)]
        assert first.filenames != names
        assert sorted(map(str, first.filenames)) == names
        written = (tmp_path / "kept/.index/a.txt").read_text()
        assert written.splitlines() == first.filenames
        assert self.listed(data, tmp_path / "kept", seed=8).filenames == first.filenames
        assert self.listed(data, tmp_path / "other", seed=7).filenames == first.filenames
        assert self.listed(data, tmp_path / "third", seed=8).filenames != first.filenames

    def test_parts_are_cut_from_the_shuffled_files(self, data: Path, tmp_path: Path) -> None:
        whole = self.listed(data, tmp_path, seed=7)
        part = self.listed(data, tmp_path, seed=7, split=(0, 0.3))
        assert part.filenames == whole.filenames[:3]

    def test_an_index_that_is_there_says_which_files_there_are(
        self, data: Path, tmp_path: Path
    ) -> None:
        make(tmp_path, ".index/a.txt").joinpath(".index/a.txt").write_text("a/3.png\na/1.png\n")
        with pytest.warns(UserWarning, match="has 2 of the 9 files that are there"):
            assert self.listed(data, tmp_path).filenames == ["a/3.png", "a/1.png"]

    def test_an_index_of_files_that_are_gone_is_made_anew(self, data: Path, tmp_path: Path) -> None:
        make(tmp_path, ".index/a.txt").joinpath(".index/a.txt").write_text("a/3.png\na/x.png\n")
        with pytest.warns(UserWarning, match="names 'a/x.png', which is not there"):
            assert len(self.listed(data, tmp_path).filenames) == 9
        assert len(self.listed(data, tmp_path).filenames) == 9

    def test_nothing_is_written_into_the_data(self, data: Path) -> None:
        with pytest.warns(UserWarning, match="would be in the data and is not written"):
            self.listed(data, data, seed=7)
        assert os.listdir(data) == ["a"]
        assert not any(name.startswith(".") for name in os.listdir(data / "a"))

    def test_an_index_of_mltks_in_the_data_is_no_class(self, data: Path) -> None:
        make(data, ".index/a.txt")
        assert list_directory(data, rules=MLTK).class_indices == {"a": 0}

    def test_classes_have_to_be_named(self, data: Path, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="shuffle_index_dir needs classes"):
            list_directory(data, shuffle_index_dir=tmp_path)


def test_a_function_of_the_users_lists_files_and_groups_of_files(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png", "b/1.png")

    def lister(
        base_directory: str,
        search_class: str,
        white_list_formats: tuple[str, ...],
        split: tuple[float, float] | None,
        follow_links: bool,
        shuffle_index_directory: str | None,
    ) -> tuple[str, list[Any]]:
        assert base_directory == str(tmp_path)
        assert "npy" in white_list_formats
        assert (follow_links, shuffle_index_directory) == (False, None)
        files = [(f"{search_class}/{number}.png", f"{search_class}/x.npy") for number in range(4)]
        return search_class, files[1:3] if split else files

    whole = list_directory(tmp_path, rules=MLTK, lister=lister)
    assert whole.filenames[0] == ("a/0.png", "a/x.npy")
    assert whole.filepaths[0] == (str(tmp_path / "a/0.png"), str(tmp_path / "a/x.npy"))
    part = list_directory(tmp_path, rules=MLTK, lister=lister, split=(0.25, 0.75))
    assert part.rows.tolist() == [1, 2, 5, 6]
    assert part.filenames == [whole.filenames[row] for row in part.rows]


@pytest.fixture
def bucket() -> str:
    """A folder in a remote place that has files but no folders, as buckets do."""
    memory = fsspec.filesystem("memory")
    memory.rm("/", recursive=True) if memory.ls("/") else None
    for name in ("b/2.png", "b/10.png", "b/s/1.PNG", "b/s-1/1_jpg", "a b/é.tif", "a b/x.gif"):
        memory.pipe_file(f"/photos/{name}", b"")
    return "memory://photos"


def test_buckets_are_listed_by_the_same_rules(bucket: str, tmp_path: Path) -> None:
    make(tmp_path, "b/2.png", "b/10.png", "b/s/1.PNG", "b/s-1/1_jpg", "a b/é.tif", "a b/x.gif")
    for rules in (KERAS, MLTK):
        remote, local = (list_directory(root, rules=rules) for root in (bucket, tmp_path))
        assert remote.filenames == local.filenames
        assert remote.class_indices == local.class_indices == {"a b": 0, "b": 1}
    assert remote.filepaths[0] == "memory://photos/a b/é.tif"
    named = list_directory(bucket, ["b"], split=(0, 0.5))
    assert named.filenames == ["b/10.png", "b/2.png"]
    with pytest.warns(UserWarning, match="no folder of class 'c'"):
        list_directory(bucket, ["b", "c"])
    with pytest.raises(FileNotFoundError, match="nothing is there"):
        list_directory("memory://nothing")


WARNED = [
    (["a/1.png", "b/x.gif"], {}, "no images of class 'b' but 1 file of another ending"),
    (["a/1.png"], {"classes": ["a", "c"]}, "no folder of class 'c': check the names in classes"),
    (
        ["a/1.png", "b/1.png", "b/2.png"],
        {"split": (0, 0.5)},
        "no images of class 'a' in this part of the split: add images, or split at another share",
    ),
    (["1.png"], {}, "no class folders: give a folder with one sub-folder a class"),
]


@pytest.mark.parametrize(("names", "options", "words"), WARNED)
def test_classes_without_images_are_told_or_refused(
    tmp_path: Path, names: list[str], options: dict[str, Any], words: str
) -> None:
    make(tmp_path, *names)
    with pytest.warns(UserWarning, match=words):
        list_directory(tmp_path, **options)
    with pytest.raises(EmptyClassError, match=words) as raised:
        list_directory(tmp_path, rules=ListingRules(needs_images=True), **options)
    assert isinstance(raised.value, RuntimeError)
    assert "\n" not in str(raised.value)


def test_files_of_one_name_are_told(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png", "a/1.jpg", "a/2.v1_png", "a/2.v2_png")
    with pytest.warns(UserWarning, match=r"'a/1.jpg' and 'a/1.png' have one name, as 1 other"):
        assert len(list_directory(tmp_path).filenames) == 4


def test_names_that_look_alike_are_told(tmp_path: Path) -> None:
    make(tmp_path, "a/\u00e9.png", "a/e\u0301.png")
    with pytest.warns(UserWarning, match="have one name"):
        list_directory(tmp_path)


def test_tiff_files_are_told_once(tmp_path: Path) -> None:
    make(tmp_path, "a/1.tiff", "a/2.TIFF")
    with pytest.warns(UserWarning, match='Using ".tiff" files with multiple bands') as told:
        list_directory(tmp_path)
    assert len(told) == 1


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read all: the system says no in its place."""
    make(tmp_path, "a/1.png", "a/shut/2.png")
    scandir = os.scandir

    def shut(path: str) -> Any:
        if path.endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", shut)
    with pytest.warns(UserWarning, match="shut: Permission denied: its images are left out"):
        assert list_directory(tmp_path).filenames == ["a/1.png"]


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"classes": "a"}, TypeError, "classes is 'a': give a list of the class folders' names"),
    ({"classes": [1]}, TypeError, r"classes is \[1\]: give a list"),
    ({"classes": ["a", "a"]}, SettingsError, "classes has 'a' 2 times: name each folder once"),
    ({"classes": ["../a"]}, SettingsError, "classes has '../a': name folders in "),
    ({"classes": ["a", "a/b"]}, CatalogError, "'a/b/1.png' is listed twice"),
    ({"directory": "/nowhere"}, FileNotFoundError, "give a folder of class folders: '/nowhere'"),
    ({"directory": __file__}, NotADirectoryError, "give a folder of class folders"),
]


@pytest.mark.parametrize(("options", "error", "words"), BAD)
def test_what_cannot_be_is_refused_in_one_line(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    make(tmp_path, "a/b/1.png")
    with pytest.raises(error, match=words) as raised:
        list_directory(**{"directory": tmp_path, **options})
    assert "\n" not in str(raised.value)

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from pyarrow import fs

from raydrift.errors import SettingsError
from raydrift.paths import StoragePath, unfinished_of


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoragePath]:
    """A folder that is there and empty."""
    if request.param == "local":
        yield StoragePath.of(tmp_path)
        return
    place = StoragePath.of(f"memory://tests{tmp_path}")
    place.create()
    yield place
    fsspec.filesystem("memory").rm("/tests", recursive=True)


def everything_in(folder: StoragePath) -> list[str]:
    infos = folder.filesystem.get_file_info(fs.FileSelector(folder.path, recursive=True))
    return sorted(info.path.removeprefix(folder.path + "/") for info in infos)


class TestWriting:
    def test_bytes_come_back(self, folder: StoragePath) -> None:
        (folder / "a.bin").write_bytes(b"\0\xff\n")
        assert (folder / "a.bin").read_bytes() == b"\0\xff\n"
        assert everything_in(folder) == ["a.bin"]

    def test_a_file_is_replaced(self, folder: StoragePath) -> None:
        (folder / "a.bin").write_bytes(b"long content")
        (folder / "a.bin").write_bytes(b"new")
        assert (folder / "a.bin").read_bytes() == b"new"

    def test_a_file_appears_only_when_it_is_whole(self, folder: StoragePath) -> None:
        place = folder / "a.bin"
        with place.writing() as sink:
            sink.write(b"half" * 100_000)
            assert not place.is_file()
            sink.write(b" and half")
        assert place.read_bytes() == b"half" * 100_000 + b" and half"

    @pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
    def test_an_exception_leaves_neither_file_nor_temporary(
        self, folder: StoragePath, stop: type[BaseException]
    ) -> None:
        def interrupted() -> None:
            with (folder / "a.bin").writing() as sink:
                sink.write(b"half")
                raise stop

        with pytest.raises(stop):
            interrupted()
        assert everything_in(folder) == []

    def test_an_exception_leaves_the_file_that_was_there(self, folder: StoragePath) -> None:
        place = folder / "a.bin"
        place.write_bytes(b"old")

        def interrupted() -> None:
            with place.writing() as sink:
                sink.write(b"new")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            interrupted()
        assert place.read_bytes() == b"old"
        assert everything_in(folder) == ["a.bin"]

    def test_two_writers_at_once_leave_one_whole_file(self, folder: StoragePath) -> None:
        with (folder / "a.bin").writing() as one, (folder / "a.bin").writing() as other:
            one.write(b"1" * 100_000)
            other.write(b"2" * 100_000)
        assert len(set((folder / "a.bin").read_bytes())) == 1
        assert everything_in(folder) == ["a.bin"]

    def test_a_folder_that_is_not_there_is_an_error_and_stays_away(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            (StoragePath.of(tmp_path) / "no" / "a.bin").write_bytes(b"")
        assert everything_in(StoragePath.of(tmp_path)) == []


class TestFolders:
    def test_names_are_the_files_directly_in_it_with_their_sizes(self, folder: StoragePath) -> None:
        (folder / "below").create()
        for name, data in {"a.bin": b"", "b c.bin": b"12", "below/c.bin": b"3"}.items():
            (folder / name).write_bytes(data)
        assert folder.names() == {"a.bin": 0, "b c.bin": 2}

    def test_a_folder_that_is_not_there_has_no_names(self, folder: StoragePath) -> None:
        assert (folder / "missing").names() == {}

    def test_files_are_named_with_their_place_and_size(self, folder: StoragePath) -> None:
        (folder / "below").create()
        (folder / "a.bin").write_bytes(b"123")
        (file,) = folder.files()
        assert (file.path, file.size) == (f"{folder.path}/a.bin", 3)

    def test_create_makes_those_above_too_and_twice_is_no_error(self, folder: StoragePath) -> None:
        for _ in range(2):
            (folder / "a" / "b").create()
        assert everything_in(folder) == ["a", "a/b"]

    def test_info_tells_files_from_folders_from_nothing(self, folder: StoragePath) -> None:
        (folder / "file").write_bytes(b"")
        (folder / "folder").create()
        kinds = [(folder / name).info().type for name in ("file", "folder", "nothing")]
        assert kinds == [fs.FileType.File, fs.FileType.Directory, fs.FileType.NotFound]
        assert [(folder / name).is_file() for name in ("file", "folder", "nothing")] == [
            True,
            False,
            False,
        ]

    def test_delete_takes_a_file_and_leaves_the_others(self, folder: StoragePath) -> None:
        (folder / "a.bin").write_bytes(b"1")
        (folder / "b.bin").write_bytes(b"2")
        (folder / "a.bin").delete()
        assert everything_in(folder) == ["b.bin"]

    def test_delete_takes_a_folder_with_all_that_is_in_it(self, folder: StoragePath) -> None:
        (folder / "a" / "b").create()
        (folder / "a" / "b" / "c.bin").write_bytes(b"1")
        (folder / "a").delete()
        assert everything_in(folder) == []

    def test_delete_of_nothing_is_no_error(self, folder: StoragePath) -> None:
        (folder / "missing").delete()
        assert everything_in(folder) == []

    def test_some_files_are_deleted_and_one_that_is_gone_is_no_error(
        self, folder: StoragePath
    ) -> None:
        for name in ("a", "b", "c", "below/a"):
            (folder / "below").create()
            (folder / name).write_bytes(b"1")
        folder.delete_files(["a", "gone", "c"])
        assert everything_in(folder) == ["b", "below", "below/a"]

    def test_only_an_empty_folder_is_deleted_if_empty(self, folder: StoragePath) -> None:
        for name in ("full", "empty"):
            (folder / name).create()
        (folder / "full" / "a").write_bytes(b"1")
        for name in ("full", "empty", "nowhere"):
            (folder / name).delete_if_empty()
        assert everything_in(folder) == ["full", "full/a"]

    def test_a_file_is_found_readable_without_reading_it(self, folder: StoragePath) -> None:
        (folder / "a").write_bytes(b"12345")
        (folder / "a").check_readable(most=5)
        with pytest.raises(OSError, match="5 bytes are more than max_bytes = 4"):
            (folder / "a").check_readable(most=4)
        with pytest.raises(FileNotFoundError):
            (folder / "b").check_readable()


@pytest.mark.parametrize(
    ("name", "of"),
    [
        (".a.zip.0123abcd.tmp", "a.zip"),
        (".a.0123abcd.0123abcd.tmp", "a.0123abcd"),
        (".a.zip.mine.tmp", None),
        (".a.zip.0123abcd.tmp~", None),
        ("a.zip.0123abcd.tmp", None),
        ("..0123abcd.tmp", None),
    ],
)
def test_what_was_being_written_is_known_by_its_other_name(name: str, of: str | None) -> None:
    assert unfinished_of(name) == of


class TestNames:
    def test_slash_goes_down(self, folder: StoragePath) -> None:
        place = folder / "a" / "b.bin"
        assert place.path == f"{folder.path}/a/b.bin"
        assert place.uri == f"{folder.uri}/a/b.bin"
        assert place.filesystem.equals(folder.filesystem)

    @pytest.mark.parametrize("written", ["/data/photos", "/data/photos/", "file:///data/photos"])
    def test_local_paths_lose_their_scheme_and_last_slash(self, written: str) -> None:
        place = StoragePath.of(written)
        assert place.is_local
        assert place.path == "/data/photos"
        assert (place / "a.jpg").path == "/data/photos/a.jpg"

    def test_the_root_folder_is_a_place(self) -> None:
        assert StoragePath.of("/").path == "/"
        assert (StoragePath.of("/") / "data").path == "/data"

    def test_relative_paths_start_from_the_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert StoragePath.of("a/../b").path == f"{tmp_path}/b"

    def test_the_home_folder_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/somebody")
        assert StoragePath.of("~/photos").path == "/home/somebody/photos"

    def test_pathlib_is_welcome(self, tmp_path: Path) -> None:
        assert StoragePath.of(tmp_path).path == str(tmp_path)

    def test_percent_signs_and_spaces_are_only_characters(self, tmp_path: Path) -> None:
        place = StoragePath.of(f"{tmp_path}/100%25 é")
        place.create()
        assert [path.name for path in tmp_path.iterdir()] == ["100%25 é"]

    def test_a_remote_place_has_a_path_on_its_filesystem(self) -> None:
        place = StoragePath.of("memory://bucket/photos/")
        assert not place.is_local
        assert place.path == "/bucket/photos"

    @pytest.mark.parametrize("written", ["photos", "../photos", "/data", "memory://bucket/photos"])
    def test_a_place_is_called_what_the_user_wrote(self, written: str) -> None:
        assert str(StoragePath.of(written)) == written
        assert str(StoragePath.of(written) / "a.jpg") == f"{written}/a.jpg"

    def test_a_place_in_a_remote_root_keeps_both_slashes_of_its_scheme(self) -> None:
        assert str(StoragePath.of("memory://") / "a.jpg") == "memory://a.jpg"

    def test_s3_is_pyarrows_own(self) -> None:
        place = StoragePath.of(
            "s3://key:secret@bucket/photos?region=eu-west-1&endpoint_override=x:1"
        )
        assert isinstance(place.filesystem, fs.S3FileSystem)
        assert place.path == "bucket/photos"

    @pytest.mark.parametrize("key", ["a b/ü", "a#1/c", "x[1]", "50%/c", "a%20b", "^|`{}", "what?"])
    def test_a_key_of_google_clouds_is_what_the_user_wrote(self, key: str) -> None:
        place = StoragePath.of(f"gs://bucket/{key}/")
        assert isinstance(place.filesystem, fs.GcsFileSystem)
        assert place.path == f"bucket/{key}"
        assert str(place / "a.jpg") == f"gs://bucket/{key}/a.jpg"

    def test_a_query_tells_arrow_how_to_get_there(self) -> None:
        place = StoragePath.of("gs://bucket/a b?endpoint_override=localhost:1&scheme=http")
        assert place.path == "bucket/a b"
        assert str(place) == "gs://bucket/a b"

    @pytest.mark.parametrize(
        ("uri", "why"),
        [
            ("gs://bucket/photos?zz=1", "Unexpected query parameter in GCS URI: 'zz'"),
            ("abfss://container/photos", "AzureOptions doesn't contain a valid account name"),
        ],
    )
    def test_what_arrow_has_against_a_uri_is_said(self, uri: str, why: str) -> None:
        with pytest.raises(SettingsError) as caught:
            StoragePath.of(uri)
        assert str(caught.value).endswith(f": {why}")

    def test_where_arrow_was_built_without_a_cloud_fsspec_names_its_package(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Unbuilt:
            @staticmethod
            def from_uri(uri: str) -> None:
                raise pa.ArrowNotImplementedError(f"Got GCS URI {uri} but no GCS support")

        monkeypatch.setattr("raydrift.paths.opening.fs.FileSystem", Unbuilt)
        with pytest.raises(SettingsError) as caught:
            StoragePath.of("gs://bucket/photos")
        assert str(caught.value) == (
            "gs://bucket/photos: Please install gcsfs to access Google Storage"
        )

    def test_a_scheme_whose_package_arrow_would_ask_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # as where it is not installed
        with pytest.raises(SettingsError, match=r"^hf://datasets/a/b: .*huggingface_hub"):
            StoragePath.of("hf://datasets/a/b")

    def test_an_unknown_scheme_is_answered_with_what_is_known(self) -> None:
        with pytest.raises(SettingsError) as caught:
            StoragePath.of("nope://bucket/photos")
        assert str(caught.value) == (
            "nope://bucket/photos: unknown scheme nope://: "
            "give a local path, s3://, gs:// or a scheme that fsspec knows"
        )

    def test_a_scheme_whose_package_is_missing_names_the_package(self) -> None:
        with pytest.raises(SettingsError, match=r"^lakefs://repository/photos: .*lakefs-spec"):
            StoragePath.of("lakefs://repository/photos")


def test_places_are_pickled_on_their_way_to_workers(folder: StoragePath) -> None:
    (folder / "a.bin").write_bytes(b"1")
    copy = pickle.loads(pickle.dumps(folder))
    assert copy == folder
    assert (copy / "a.bin").read_bytes() == b"1"

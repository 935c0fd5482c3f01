"""The zip writer, judged by Python's zipfile and by unzip."""

import io
import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raydrift.storage.zip_writer import ZipWriter

Members = list[tuple[str, bytes]]

# Python's zipfile cuts names at NUL and takes a slash at the end for a folder.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40
).filter(lambda name: not name.endswith("/"))
MEMBERS = st.lists(
    st.tuples(NAMES, st.binary(max_size=100)), max_size=12, unique_by=lambda member: member[0]
)
ZIP64_END = b"PK\6\6"


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    with ZipWriter(sink) as archive:
        for name, data in members:
            archive.add(name, data)
    return sink.getvalue()


def unzip_accepts(path: Path) -> bool:
    if shutil.which("unzip") is None:
        pytest.skip("unzip is not installed")
    done = subprocess.run(["unzip", "-tq", path], capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr


@given(MEMBERS)
@example([("boat/00000000.png", b"\x89PNG"), ("Zürich/猫.png", b""), ("b", b"PK\5\6PK\1\2")])
def test_zipfile_reads_back_every_name_and_content_in_order(members: Members) -> None:
    with ZipFile(io.BytesIO(zipped(members))) as archive:
        assert [(info.filename, archive.read(info)) for info in archive.infolist()] == members


@given(MEMBERS)
def test_the_bytes_are_those_that_zipfile_writes_with_the_same_choices(members: Members) -> None:
    sink = io.BytesIO()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for name, data in members:
            info = ZipInfo(name)  # of 1 January 1980
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    assert zipped(members) == sink.getvalue()


def test_entries_are_stored_dated_1980_and_regular_files() -> None:
    with ZipFile(io.BytesIO(zipped([("a.png", b"abc"), ("é.png", b"")]))) as archive:
        infos = archive.infolist()
    assert [info.compress_type for info in infos] == [ZIP_STORED, ZIP_STORED]
    assert [info.date_time for info in infos] == [(1980, 1, 1, 0, 0, 0)] * 2
    assert [info.external_attr >> 16 for info in infos] == [0o100644, 0o100644]
    assert [info.compress_size for info in infos] == [info.file_size for info in infos] == [3, 0]


def test_equal_members_give_equal_bytes_and_another_order_gives_others() -> None:
    members = [("a.png", b"abc"), ("b.png", b"def")]
    assert zipped(members) == zipped(members)
    assert zipped(members) != zipped(reversed(members))


def test_a_zip_without_members_is_a_zip() -> None:
    with ZipFile(io.BytesIO(zipped([]))) as archive:
        assert archive.namelist() == []


def test_a_memoryview_counts_by_its_bytes() -> None:
    numbers = np.arange(10, dtype=np.uint16)
    with ZipFile(io.BytesIO(zipped([("n", memoryview(numbers)), ("m", b"x")]))) as archive:
        assert archive.read("n") == numbers.tobytes()
        assert archive.read("m") == b"x"


def test_unzip_accepts_it(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    path.write_bytes(
        zipped([("boat/00000000.png", b"abc"), ("Zürich/00000001.png", bytes(10_000))])
    )
    assert unzip_accepts(path)


@pytest.mark.parametrize(("count", "is_zip64"), [(65_534, False), (65_535, True), (65_536, True)])
def test_65535_members_are_where_zip64_begins(count: int, is_zip64: bool) -> None:
    data = zipped((f"{i}", b"") for i in range(count))
    with ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [f"{i}" for i in range(count)]
    assert (ZIP64_END in data) == is_zip64


def test_70000_members_with_a_directory_larger_than_what_waits_in_memory(tmp_path: Path) -> None:
    path, folder = tmp_path / "many.zip", "x" * 450
    with path.open("wb") as sink, ZipWriter(sink) as archive:
        for i in range(70_000):
            archive.add(f"{folder}/{i}.png", b"%d" % i)
    with ZipFile(path) as archive:
        infos = archive.infolist()
        assert len(infos) == 70_000
        for i in (0, 65_534, 65_535, 65_536, 69_999):
            assert (infos[i].filename, archive.read(infos[i])) == (f"{folder}/{i}.png", b"%d" % i)
    assert unzip_accepts(path)


class SparseSink:
    """A file in which blocks of zeros are seeked over: gigabytes that take no room."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file

    def write(self, data: bytes | memoryview) -> None:
        if len(data) >= 2**20:
            self._file.seek(len(data), io.SEEK_CUR)
        else:
            self._file.write(data)


@pytest.fixture(scope="module")
def gibibyte() -> memoryview:
    return memoryview(bytes(2**30))


@pytest.mark.parametrize("start", [2**32 - 2, 2**32 - 1, 2**32])
def test_members_that_begin_around_and_beyond_4_gib(
    tmp_path: Path, gibibyte: memoryview, start: int
) -> None:
    path, headers = tmp_path / "large.zip", 4 * (30 + len("zeros-0"))
    blocks = [gibibyte] * 3 + [gibibyte[: start - 3 * 2**30 - headers]]
    with path.open("wb") as file, ZipWriter(SparseSink(file)) as archive:
        for i, block in enumerate(blocks):
            archive.add(f"zeros-{i}", block)
        archive.add("late.png", b"late")
        archive.add("later.png", b"later")
    assert path.stat().st_blocks * 512 < 2**20, "the file should be sparse"
    with ZipFile(path) as archive:
        info = archive.getinfo("late.png")
        assert info.header_offset == start
        assert bool(info.extra) == (start >= 2**32 - 1), "where 32 bits say 'see the ZIP64 field'"
        assert archive.read("late.png") == b"late"
        assert archive.read("later.png") == b"later"
    if shutil.which("unzip"):
        assert subprocess.check_output(["unzip", "-p", path, "later.png"]) == b"later"


def test_a_small_zip_has_no_zip64_records() -> None:
    data = zipped([("a", b"1"), ("b", b"2")])
    assert ZIP64_END not in data
    end = struct.unpack("<4sHHHHIIH", data[-22:])
    assert end == (b"PK\5\6", 0, 0, 2, 2, 2 * 47, 2 * 32, 0)


def write_and_fail(sink: io.BytesIO) -> None:
    with ZipWriter(sink) as archive:
        archive.add("a.png", b"abc")
        raise ZeroDivisionError


def test_an_exception_leaves_a_zip_without_an_end() -> None:
    sink = io.BytesIO()
    with pytest.raises(ZeroDivisionError):
        write_and_fail(sink)
    assert sink.getvalue().startswith(b"PK\3\4")
    assert b"PK\1\2" not in sink.getvalue()
    assert b"PK\5\6" not in sink.getvalue()
    with pytest.raises(BadZipFile):
        ZipFile(sink)

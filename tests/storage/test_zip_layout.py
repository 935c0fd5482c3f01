"""The layout of the zip, judged by Python's zipfile and by unzip."""

import io
import shutil
import struct
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo
from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raydrift.paths import FilePart, StoragePath
from raydrift.storage.shards import LedgerRow
from raydrift.storage.zip_directory import ZipDirectory
from raydrift.storage.zip_layout import (
    ZipLayout,
    directory_entry,
    directory_size,
    member_header,
    members_size,
    needs_zip64,
    plan_zip,
)

Members = list[tuple[str, bytes]]

# Python's zipfile cuts names at NUL and takes a slash at the end for a folder.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40
).filter(lambda name: not name.endswith("/"))
MEMBERS = st.lists(
    st.tuples(NAMES, st.binary(max_size=100)), max_size=12, unique_by=lambda member: member[0]
)
SHARDS = st.lists(st.tuples(*[st.integers(0, 100)] * 3), min_size=1, max_size=60)
ZIP64_END = b"PK\6\6"
GIB = 2**30


def row_of(count: int, names_size: int, data_size: int, shard: int = 0) -> LedgerRow:
    return LedgerRow(shard, "", count, count, 0, 0, data_size, names_size, 0, 0)


def zipped(members: Members) -> bytes:
    """A zip in one part, laid out as that of a shard with these members."""
    names = sum(len(name.encode()) for name, _ in members)
    plan = plan_zip([row_of(len(members), names, sum(len(data) for _, data in members))])
    content, directory = b"", b""
    for name, data in members:
        path, crc = name.encode(), crc32(data)
        zip64 = needs_zip64(plan.members_size)
        directory += directory_entry(path, crc, len(data), len(content), zip64)
        content += member_header(path, crc, len(data)) + data
    assert (len(content), len(directory)) == (plan.members_size, plan.directory_size)
    whole = content + directory + plan.end
    assert len(whole) == plan.size
    return whole


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


def test_a_zip_without_members_is_a_zip() -> None:
    with ZipFile(io.BytesIO(zipped([]))) as archive:
        assert archive.namelist() == []


def test_a_small_zip_has_no_zip64_records() -> None:
    data = zipped([("a", b"1"), ("b", b"2")])
    assert ZIP64_END not in data
    end = struct.unpack("<4sHHHHIIH", data[-22:])
    assert end == (b"PK\5\6", 0, 0, 2, 2, 2 * 47, 2 * 32, 0)


@given(SHARDS, st.integers(1, 10_000))
def test_ranges_are_all_shards_in_order_without_gaps(
    shards: list[tuple[int, int, int]], part_bytes: int
) -> None:
    rows = [row_of(*shard, number) for number, shard in enumerate(shards)]
    plan = plan_zip(rows, part_bytes)
    assert [row for part in plan.parts for row in part.rows] == rows
    assert [part.number for part in plan.parts] == list(range(len(plan.parts)))
    end = 0
    for part in plan.parts:
        assert part.offset == end
        end += part.size
        sizes = [members_size(row.written, row.names_size, row.content_bytes) for row in part.rows]
        assert part.size == sum(sizes)
        assert part.size >= part_bytes or len(plan.parts) == 1, "S3 wants them large"
    assert end == plan.members_size


def test_ranges_are_about_64_mib_and_as_many_as_an_upload_has_parts() -> None:
    shard = row_of(256, 256 * 12, 256 * 150_000)
    assert [len(plan_zip([shard] * n).parts) for n in (1, 3, 4, 1_000)] == [1, 1, 2, 500]
    large = plan_zip([row_of(256, 256 * 12, 2**28)] * 20_000)  # 5 TB
    assert len(large.parts) == 6_666
    assert max(part.size for part in large.parts) < 5 * GIB


@pytest.mark.parametrize("data_size", [2**32 - 2 - 31, 2**32 - 1 - 31, 2**32])
def test_all_entries_have_offsets_of_64_bits_where_the_members_end_beyond_32(
    data_size: int,
) -> None:
    rows = [row_of(1, 1, 100), row_of(0, 0, 0), row_of(1, 1, data_size - 31 - 100)]
    far = sum(30 + row.names_size + row.content_bytes for row in rows if row.written) >= 2**32 - 1
    plan = plan_zip(rows, 1)
    assert {part.zip64 for part in plan.parts} == {far}
    assert plan.directory_size == 2 * 47 + (2 * 12 if far else 0) == directory_size(2, 2, far)
    assert len(directory_entry(b"a", 0, 1, 5, far)) == (59 if far else 47)


@pytest.mark.parametrize(("count", "is_zip64"), [(65_534, False), (65_535, True), (65_536, True)])
def test_65535_members_are_where_zip64_begins(tmp_path: Path, count: int, is_zip64: bool) -> None:
    path = tmp_path / "many.zip"
    write_sparse(path, [(f"{i}", 0) for i in range(count)])
    with ZipFile(path) as archive:
        assert archive.namelist() == [f"{i}" for i in range(count)]
    assert (ZIP64_END in path.read_bytes()) == is_zip64
    assert unzip_accepts(path)


def write_sparse(path: Path, members: list[tuple[str, int]]) -> ZipLayout:
    """Writes members of so many zeros each, but no zeros, by the means of a merge."""
    rows = [row_of(1, len(name.encode()), size) for name, size in members]
    plan, zeros = plan_zip(rows, 64 * 2**20), dict[int, int]()
    content: list[tuple[int, bytearray]] = []
    with StoragePath.of(path).writing_parts(plan.size, len(plan.parts)) as file:
        directory = ZipDirectory(file, plan)
        offset = 0
        for name, size in members:
            if size not in zeros:
                zeros[size] = crc32(bytes(size))
            header = member_header(name.encode(), zeros[size], size)
            if content and content[-1][0] + len(content[-1][1]) == offset:
                content[-1][1].extend(header)
            else:
                content.append((offset, bytearray(header)))
            directory.add(
                directory_entry(
                    name.encode(), zeros[size], size, offset, needs_zip64(plan.members_size)
                )
            )
            offset += len(header) + size
        for offset, headers in content:
            file.writer.put(FilePart(0, offset), [bytes(headers)])
        directory.close(0)
    return plan


@pytest.mark.parametrize("total", [2**32 - 2, 2**32 - 1, 2**32 + 100])
def test_members_around_and_beyond_4_gib(tmp_path: Path, total: int) -> None:
    """As soon as one offset might need 64 bits all entries have them, which all readers take."""
    path, headers = tmp_path / "large.zip", 4 * 37 + 38 + 35
    sizes = [GIB, GIB, GIB, total - 3 * GIB - headers - 9]
    members = [(f"zeros-{i}", size) for i, size in enumerate(sizes)]
    plan = write_sparse(path, [*members, ("late.png", 4), ("later", 5)])
    assert plan.members_size == total
    assert path.stat().st_blocks * 512 < 2**20, "the file should be sparse"
    with ZipFile(path) as archive:
        infos = archive.infolist()
        assert [(info.filename, info.file_size) for info in infos[-2:]] == [
            ("late.png", 4),
            ("later", 5),
        ]
        assert {bool(info.extra) for info in infos} == {total >= 2**32 - 1}
        assert archive.read("late.png") == bytes(4)
        assert archive.read("later") == bytes(5)
    if shutil.which("unzip"):
        assert subprocess.check_output(["unzip", "-p", path, "later"]) == bytes(5)


@pytest.mark.benchmark
def test_the_directory_of_10_million_members_is_written_in_flat_memory(tmp_path: Path) -> None:
    """Prints the peak; ``pytest -m benchmark -s``."""
    shards, each, size = 10_000_000 // 256, 256, 100_000
    row = row_of(each, each * 12, each * size)
    plan = plan_zip([row] * shards)

    def entries(offset: int, first: int) -> Iterator[bytes]:
        for number in range(each):
            name = b"%08d.png" % ((first + number) % 10**8)
            yield directory_entry(name, 0, size, offset + number * (30 + 12 + size), True)

    path = tmp_path / "large.zip"
    tracemalloc.start()
    with StoragePath.of(path).writing_parts(plan.size, len(plan.parts)) as file:
        directory, shard = ZipDirectory(file, plan), 0
        for part in plan.parts:
            offset = part.offset
            for _ in part.rows:
                directory.add(b"".join(entries(offset, shard * each)))
                offset += each * (42 + size)
                shard += 1
        directory.close(0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"\ndirectory of {plan.directory_size / 2**20:,.0f} MiB, peak {peak / 2**20:.0f} MiB")
    assert path.stat().st_size == plan.size
    assert peak < 64 * 2**20

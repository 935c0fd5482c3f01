"""A zip's directory, read in blocks: what zipfile reads, and nothing else."""

from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pytest
from hypothesis import given

from raydrift.storage import zip_reader
from raydrift.storage.zip_reader import DamagedError, ZipEntry, check_ends, entries, read_end
from tests.storage.test_zip_layout import GIB, MEMBERS, Members, write_sparse, zipped


def read(data: bytes) -> list[ZipEntry]:
    file = pa.BufferReader(data)
    end = read_end(file)
    check_ends(file, end)
    return list(entries(file, end))


@given(MEMBERS)
def test_the_entries_are_those_that_were_written(members: Members) -> None:
    found = read(zipped(members))
    assert [(one.path.decode(), one.crc32, one.size) for one in found] == [
        (name, crc32(data), len(data)) for name, data in members
    ]


@pytest.mark.parametrize(("count", "block"), [(1_000, 64), (1_000, 5_000), (65_535, 100_000)])
def test_entries_may_lie_on_two_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, block: int
) -> None:
    """From 65535 members on the end has 64 bits."""
    monkeypatch.setattr(zip_reader, "_BLOCK_BYTES", block)
    write_sparse(tmp_path / "many.zip", [(f"{i}", 0) for i in range(count)])
    found = read((tmp_path / "many.zip").read_bytes())
    assert [one.path for one in found] == [b"%d" % i for i in range(count)]
    assert [one.end for one in found[:-1]] == [one.offset for one in found[1:]]


def test_offsets_beyond_4_gib(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    plan = write_sparse(path, [("a", 3), *((f"zeros-{i}", GIB) for i in range(4)), ("z", 5)])
    with pa.OSFile(str(path)) as file:
        end = read_end(file)
        check_ends(file, end)
        found = list(entries(file, end))
    assert (end.members, end.offset) == (6, plan.members_size)
    assert found[-1] == ZipEntry(b"z", crc32(bytes(5)), 5, plan.members_size - 36)


@pytest.mark.parametrize("cut", [1, 22, 50, 98, 120])
def test_a_zip_that_is_cut_off_or_goes_on_is_damaged(cut: int) -> None:
    data = zipped([("a", b"1"), ("b", b"2")])
    for other in (data[:-cut], data + bytes(cut), b""):
        with pytest.raises(DamagedError, match=r"^does not end as a zip does$"):
            read(other)


def test_a_directory_with_a_hole_in_its_midst_ends_there() -> None:
    data = zipped([(name, b"1") for name in "abc"])
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 1)
    with pytest.raises(DamagedError, match=r"^has no directory of its members$"):
        read(data[:second] + bytes(47) + data[second + 47 :])

"""What is synced, and when: bytes before their name counts, the name before the call returns."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NoReturn

import pytest

from raydrift.paths import FilePart, StoragePath, Sync
from raydrift.paths.parts import PositionedWriter
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.lock import OutputLock
from tests.made_shards import make_shards, shard_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced from now on: a file or folder below the test's, and what is there then."""
    calls: list[str] = []

    def record(file: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{file}"))
        name = str(path.relative_to(tmp_path))
        if path.is_dir():
            calls.append(f"{name}/: {' '.join(sorted(os.listdir(path)))}")
        else:
            calls.append(f"{name}: {path.stat().st_size} bytes")

    monkeypatch.setattr(os, "fsync", record)
    monkeypatch.setattr(os, "fdatasync", record)
    return calls


def without_digits(calls: list[str]) -> list[str]:
    """The calls; what makes the name of an unfinished file its own is left out."""
    return [".".join(p for p in call.split(".") if len(p) != 8) for call in calls]


def test_a_file_is_synced_and_then_its_name(tmp_path: Path, synced: list[str]) -> None:
    (StoragePath.of(tmp_path) / "a").write_bytes(b"123")
    assert without_digits(synced) == [".a.tmp: 3 bytes", "./: a"]


def test_so_is_a_file_that_is_written_bit_by_bit(tmp_path: Path, synced: list[str]) -> None:
    with (StoragePath.of(tmp_path) / "a").writing() as sink:
        sink.write(b"123")
        sink.write(b"45")
        assert synced == []
    assert without_digits(synced) == [".a.tmp: 5 bytes", "./: a"]


def test_and_one_that_must_be_new(tmp_path: Path, synced: list[str]) -> None:
    assert (StoragePath.of(tmp_path) / "a").write_new(b"123")
    assert synced == ["a: 3 bytes", "./: a"]


def test_a_writer_of_pieces_syncs_each_before_it_says_so(tmp_path: Path, synced: list[str]) -> None:
    """It may be on another machine than whoever completes the file."""
    place = StoragePath.of(tmp_path) / "a"
    with place.writing_parts(6, 2) as file:
        for number in (1, 0):
            file.take(file.writer.put(FilePart(number, 3 * number), [b"123"]))
            assert len(synced) == 2 - number
    assert without_digits(synced) == [".a.tmp: 6 bytes"] * 2 + ["./: a"]


@pytest.mark.parametrize(
    ("sync", "calls"),
    [
        (Sync.AT_ONCE, ["a: 3 bytes", "./: a"]),
        (Sync.BYTES, [".a.tmp: 3 bytes"]),
        (Sync.NONE, list[str]()),
    ],
)
def test_less_can_be_asked_for(
    tmp_path: Path, synced: list[str], sync: Sync, calls: list[str]
) -> None:
    (StoragePath.of(tmp_path) / "a").write_bytes(b"123", sync)
    assert without_digits(synced) == calls


def test_folders_are_made_to_last(tmp_path: Path, synced: list[str]) -> None:
    (StoragePath.of(tmp_path) / "a" / "b").create()
    assert synced == ["a/: b", "./: a"]
    (StoragePath.of(tmp_path) / "a" / "b").create()
    assert len(synced) == 2


def test_folders_that_cannot_be_made_leave_none_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path, error in (("a/b/" + 300 * "c", OSError), ("file", FileExistsError)):
        with pytest.raises(error):
            (StoragePath.of(tmp_path) / path).create()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_folders_that_were_made_are_told(tmp_path: Path) -> None:
    place = StoragePath.of(tmp_path)
    made = (place / "a" / "b").create()
    assert [one.path for one in made] == [f"{tmp_path}/a/b", f"{tmp_path}/a"]
    assert [one.path for one in (place / "a" / "c").create()] == [f"{tmp_path}/a/c"]
    assert (place / "a" / "c").create() == []


def test_a_lock_is_not_synced(tmp_path: Path, synced: list[str]) -> None:
    with OutputLock(StoragePath.of(tmp_path), renewed_every_s=0.02):
        pass
    assert synced == []


def test_a_shard_is_two_files_whose_names_are_synced_at_once(
    tmp_path: Path, scenes: Path, synced: list[str]
) -> None:
    settings = generate_settings({"input": str(scenes), "output": str(tmp_path / "out")})
    make_shards(settings, size=72)
    written = shard_file(tmp_path / "out", 0).stem
    shard = [call.partition(":")[0] for call in without_digits(synced) if "_shards/" in call]
    assert shard == [
        f"out/_shards/.{written}.parquet.tmp",
        f"out/_shards/{written}.json",
        "out/_shards/",
    ]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_filesystem_that_knows_no_sync_is_as_good_as_it_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse_syncs(monkeypatch, number)
    (StoragePath.of(tmp_path) / "below" / "c").create()
    (StoragePath.of(tmp_path) / "a").write_bytes(b"123")
    (tmp_path / "b").write_bytes(bytes(3))
    PositionedWriter(str(tmp_path / "b")).put(FilePart(0, 0), [b"456"])
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"123", b"456")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_bytes_that_the_disk_does_not_take_leave_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    refuse_syncs(monkeypatch, number)
    with pytest.raises(OSError, match=os.strerror(number)):
        (StoragePath.of(tmp_path) / "a").write_bytes(b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def refuse_syncs(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(_: int) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(os, "fdatasync", refuse)


def test_a_large_file_is_on_its_way_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(
        os, "posix_fadvise", lambda _, begin, size, kind: told.append((begin, size))
    )
    content = os.urandom(2**20) * 10
    with (StoragePath.of(tmp_path) / "a").writing() as sink:
        for begin in range(0, len(content), 2**20):
            sink.write(content[begin : begin + 2**20])
    with (StoragePath.of(tmp_path) / "b").writing_parts(len(content), 1) as file:
        file.take(file.writer.put(FilePart(0, 0), [content]))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == content
    begins, sizes = zip(*told, strict=True)
    assert len(told) == 4
    assert begins == (0, sizes[0], 0, sizes[2])
    assert all(2**22 <= size < 2**22 + 2**17 for size in sizes)


@pytest.mark.benchmark
def test_syncs_take_little_of_the_time_of_a_run(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prints the share; ``pytest -m benchmark -s``."""
    spent = 0.0

    def timed(call: Callable[..., None]) -> Callable[..., None]:
        def timed_call(*arguments: int) -> None:
            nonlocal spent
            start = perf_counter()
            call(*arguments)
            spent += perf_counter() - start

        return timed_call

    for name in ("fsync", "fdatasync", "posix_fadvise"):
        monkeypatch.setattr(os, name, timed(getattr(os, name)))
    transforms = ["rotate:0.3", "gaussian_noise:0.2"]
    plain = {"input": str(photos), "output": str(tmp_path / "out"), "transforms": transforms}
    start = perf_counter()
    finalize(make_shards(generate_settings(plain), size=256))
    share = spent / (perf_counter() - start)
    print(f"\nsyncs: {spent:.3f} s, {share:.1%} of the run")
    assert share < 0.03

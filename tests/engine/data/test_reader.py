"""Files that are read ahead take no more memory than they may."""

import threading
import time
import weakref
from pathlib import Path

import pytest

from raydrift.engine.data.reader import Reader
from raydrift.errors import ImageError
from raydrift.paths import StoragePath

SIZE = 1000


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for number in range(60):
        (tmp_path / f"{number:02}.jpg").write_bytes(bytes([number]) * SIZE)
    return [str(path) for path in sorted(tmp_path.iterdir())]


class Counting(StoragePath):
    """Counts the bytes that were read."""

    read = 0

    def at(self, path: str) -> StoragePath:
        return Counting(self.filesystem, path, path)

    def read_bytes(self, *arguments: object) -> bytes:
        data = super().read_bytes(*arguments)  # type: ignore[arg-type]
        Counting.read += len(data)
        return data


def reader_of(folder: Path, ahead: int) -> Reader:
    Counting.read = 0
    place = StoragePath.of(folder)
    return Reader(Counting(place.filesystem, place.path, place.uri), 2**20, ahead=ahead)


@pytest.mark.parametrize("ahead", [SIZE, 3 * SIZE, 10 * SIZE])
def test_no_more_bytes_wait_than_there_is_room_for(
    files: list[str], tmp_path: Path, ahead: int
) -> None:
    contents = reader_of(tmp_path, ahead).fetch(files)
    for number, content in enumerate(contents, 1):
        assert content == bytes([number - 1]) * SIZE
        time.sleep(0.005)  # others are read meanwhile
        assert Counting.read <= number * SIZE + ahead


@pytest.mark.parametrize("ahead", [0, 1, SIZE - 1])
def test_a_file_that_has_no_room_is_read_when_it_is_its_turn(
    files: list[str], tmp_path: Path, ahead: int
) -> None:
    contents = list(reader_of(tmp_path, ahead).fetch(files))
    assert contents == [bytes([number]) * SIZE for number in range(60)]


def test_with_room_files_are_read_ahead(files: list[str], tmp_path: Path) -> None:
    contents = reader_of(tmp_path, 2**20).fetch(files)
    next(contents)
    deadline = time.monotonic() + 10
    while Counting.read < 16 * SIZE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_shard_that_is_given_up_keeps_no_thread_waiting(files: list[str], tmp_path: Path) -> None:
    reader = reader_of(tmp_path, SIZE)
    for _ in range(5):
        contents = reader.fetch(files)
        next(contents)
        contents.close()
    assert len(list(reader.fetch(files))) == 60


def test_a_file_of_more_bytes_than_decoding_may_take_is_not_read(
    files: list[str], tmp_path: Path
) -> None:
    reader = Reader(StoragePath.of(tmp_path), 2**20, max_memory=SIZE - 1)
    (problem,) = reader.fetch(files[:1])
    assert isinstance(problem, ImageError)
    assert (problem.stage, problem.reason) == (
        "read",
        "1000 bytes are more than image.max_memory = 999",
    )


def test_what_was_given_away_is_not_kept_while_others_are_read(
    files: list[str], tmp_path: Path
) -> None:
    looked_at = threading.Event()

    class Content(bytearray):
        """One that can be watched."""

    class Watched(Counting):
        def at(self, path: str) -> StoragePath:
            return Watched(self.filesystem, path, path)

        def read_bytes(self, *arguments: object) -> bytes:
            if self.path != files[0]:
                looked_at.wait(60)
            return Content(super().read_bytes(*arguments))  # type: ignore[return-value]

    place = StoragePath.of(tmp_path)
    contents = Reader(Watched(place.filesystem, place.path, place.uri), 2**20).fetch(files)
    first = weakref.ref(next(contents))  # type: ignore[arg-type]
    give_up = time.monotonic() + 10  # the thread that read it may not have let go of it yet
    while first() is not None and time.monotonic() < give_up:
        time.sleep(0.001)
    gone = first() is None
    looked_at.set()
    contents.close()
    assert gone

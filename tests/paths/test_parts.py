"""Files that several writers fill, each in its own place."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.errors import OutputError
from raydrift.paths import FilePart, StoragePath
from raydrift.paths.parts import PositionedWriter, in_order, positioned

CONTENT = os.urandom(100_000)
CUTS = [0, 10, 10_000, 10_000, 70_000, 100_000]


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoragePath]:
    """A file that is not there yet, where parts go anywhere and where they go in order."""
    if request.param == "local":
        yield StoragePath.of(tmp_path / "file")
        return
    yield StoragePath.of(f"memory://parts{tmp_path}/file")
    fsspec.filesystem("memory").rm("/parts", recursive=True)


def left_in(place: StoragePath) -> list[str]:
    folder = StoragePath.of(place.uri.rpartition("/")[0])
    return sorted(folder.names())


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 4, 1, 3)])
def test_pieces_are_written_in_any_order_and_taken_in_theirs(
    place: StoragePath, order: tuple[int, ...]
) -> None:
    results = {}
    with place.writing_parts(len(CONTENT), 5) as file:
        for number in order:
            content = CONTENT[CUTS[number] : CUTS[number + 1]]
            part = FilePart(number, CUTS[number])
            results[number] = file.writer.put(part, [content[:5], memoryview(content)[5:]])
        assert not place.is_file(), "it appears when it is whole"
        for number in range(5):
            file.take(results[number])
    assert place.read_bytes() == CONTENT
    assert left_in(place) == ["file"]


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_an_exception_leaves_the_file_that_was_there(
    place: StoragePath, stop: type[BaseException]
) -> None:
    place.write_bytes(b"old")

    def interrupted() -> None:
        with place.writing_parts(100, 2) as file:
            file.take(file.writer.put(FilePart(0, 0), [b"new"]))
            raise stop

    with pytest.raises(stop):
        interrupted()
    assert place.read_bytes() == b"old"
    assert left_in(place) == ["file"]


@given(st.lists(st.binary(max_size=9), max_size=3_000))
def test_more_buffers_than_the_system_takes_at_once(
    tmp_path_factory: pytest.TempPathFactory, buffers: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("many") / "file"
    path.write_bytes(bytes(3))
    PositionedWriter(str(path)).put(FilePart(0, 3), buffers)
    assert path.read_bytes() == bytes(3) + b"".join(buffers)


def test_a_writer_travels_and_makes_no_file_anew(tmp_path: Path) -> None:
    """A late one, whose merge was given up and its file deleted."""
    writer = pickle.loads(pickle.dumps(PositionedWriter(str(tmp_path / "gone"))))
    with pytest.raises(FileNotFoundError):
        writer.put(FilePart(0, 0), [b"late"])
    assert list(tmp_path.iterdir()) == []


def write_and_lose(path: str, lost: slice) -> None:
    with positioned(path, 2000) as file:
        for number, letter in enumerate((b"a", b"b")):
            file.take(file.writer.put(FilePart(number, 1000 * number), [letter * 500] * 2))
        content = bytearray(Path(path).read_bytes())
        content[lost] = bytes(len(content[lost]))
        Path(path).write_bytes(content)


@pytest.mark.parametrize("lost", [slice(0, 1000), slice(990, 1000), slice(1000, 1010)])
def test_a_filesystem_that_keeps_what_one_machine_wrote_is_found_out(
    tmp_path: Path, lost: slice
) -> None:
    """The whole file, or the pages where two parts meet."""
    with pytest.raises(OutputError) as caught:
        write_and_lose(str(tmp_path / "file"), lost)
    assert str(caught.value) == (
        f"{tmp_path}: this filesystem loses what several machines write to one file: "
        "merge it on one machine, with raydrift finalize"
    )


def test_pieces_before_their_turn_wait(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as sink, in_order(sink) as file:
        for offset, content in ((6, b"dd"), (0, b"aa"), (8, b"e"), (2, b"bbcc")):
            file.take(file.writer.put(FilePart(0, offset), [content]))
    assert path.read_bytes() == b"aabbccdde"

"""What is written to a disk at once."""

import os
from pathlib import Path

import numpy as np
import pytest

from raydrift.paths import FilePart, StoragePath
from raydrift.paths.parts import PositionedWriter
from raydrift.paths.sinks import WRITE_BYTES, Buffer, SmallWrites, in_small_writes


class Noted:
    """A sink that notes what it is given."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: Buffer, /) -> None:
        self.writes.append(bytes(data))


@pytest.mark.parametrize("size", [0, 1, WRITE_BYTES, WRITE_BYTES + 1, 5 * WRITE_BYTES - 1])
def test_a_buffer_is_cut_into_small_writes(size: int) -> None:
    data = np.random.default_rng(0).bytes(size)
    sink = Noted()
    SmallWrites(sink).write(data)
    assert b"".join(sink.writes) == data
    assert len(sink.writes) == -(-size // WRITE_BYTES)
    assert all(0 < len(part) <= WRITE_BYTES for part in sink.writes)


def test_parts_share_the_memory_of_their_buffer() -> None:
    rows = np.zeros((3, WRITE_BYTES // 8), np.float64)
    parts = list(in_small_writes(memoryview(rows)))
    assert [part.nbytes for part in parts] == [WRITE_BYTES] * 3
    rows[1, 0] = 1
    assert bytes(parts[1]) == rows[1].tobytes()


def test_a_piece_of_a_file_is_written_in_small_writes_of_several_buffers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    pwritev = os.pwritev

    def noted(file: int, buffers: list[Buffer], offset: int) -> int:
        sizes.append(sum(map(len, buffers)))
        return pwritev(file, buffers, offset)

    monkeypatch.setattr(os, "pwritev", noted)
    content = [bytes([number]) * (number * 10_000) for number in range(40)]
    with (StoragePath.of(tmp_path) / "file").writing_parts(7_800_000, 1) as file:
        assert isinstance(file.writer, PositionedWriter)
        file.take(file.writer.put(FilePart(0, 0), content))
    assert (tmp_path / "file").read_bytes() == b"".join(content)
    assert max(sizes) <= WRITE_BYTES
    assert len(sizes) < 130, "small ones go together"

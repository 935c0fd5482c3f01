"""A file that several writers fill at once, each a piece of its own, in any order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Final, Protocol

from raydrift.errors import OutputError

Buffer = bytes | memoryview
Receipt = Any
"""What the writer of a piece tells to who completes the file."""

_BUFFERS_AT_ONCE: Final = 1_024  # as many as Linux takes
_BYTES_AT_ONCE: Final = 8 * 2**20
_LOOKED_AT: Final = 64
_SPOOL_BYTES: Final = 32 * 2**20


class Sink(Protocol):
    """What a file is written to."""

    def write(self, data: Buffer, /) -> object:
        """Takes the next bytes."""


@dataclass(frozen=True)
class Piece:
    """Where a piece belongs.

    Attributes:
        number: Its place among the pieces, from 0.
        offset: Of its first byte in the file.
    """

    number: int
    offset: int


class PieceWriter(Protocol):
    """Writes pieces; small, and picklable where other processes can write too."""

    def put(self, piece: Piece, buffers: Iterable[Buffer]) -> Receipt:
        """Writes the content of a piece; once more is no harm."""


@dataclass(frozen=True)
class PieceFile:
    """A file in the making.

    Attributes:
        writer: Writes its pieces.
        take: Hears each piece's receipt, in order.
        anywhere: Whether the writer works in other processes too.
    """

    writer: PieceWriter
    take: Callable[[Receipt], object]
    anywhere: bool


@dataclass(frozen=True)
class PositionedWriter:
    """Writes pieces to where they belong in a file that is there and has its size."""

    path: str

    def put(self, piece: Piece, buffers: Iterable[Buffer]) -> Receipt:
        """Writes a piece; returns where its first and its last bytes are, and which."""
        ends: list[tuple[int, bytes]] = []
        position = piece.offset
        file = os.open(self.path, os.O_WRONLY)  # if it could read, NFS would send whole pages
        try:
            for some in _gathered(buffers):
                first, last = bytes(some[0][:_LOOKED_AT]), bytes(some[-1][-_LOOKED_AT:])
                ends = ends or [(position, first)]
                position = _write(file, some, position)
                ends[1:] = [(position - len(last), last)]
        finally:
            os.close(file)
        return ends


def _gathered(buffers: Iterable[Buffer]) -> Iterator[deque[Buffer]]:
    """As many of them as one write takes; large ones do not wait for others in memory."""
    some, size = deque[Buffer](), 0
    for buffer in buffers:
        some.append(buffer)
        size += len(buffer)
        if len(some) == _BUFFERS_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield some
            some, size = deque(), 0
    if some:
        yield some


def _write(file: int, buffers: deque[Buffer], offset: int) -> int:
    """Writes buffers one after another; returns where they end."""
    while buffers:
        written = os.pwritev(file, list(buffers), offset)
        offset += written
        while buffers and written >= len(buffers[0]):
            written -= len(buffers.popleft())
        if written:
            buffers[0] = memoryview(buffers[0])[written:]
    return offset


@contextmanager
def positioned(path: str, size: int) -> Iterator[PieceFile]:
    """Makes a file of this size, to be filled in any order.

    Raises:
        OutputError: What one machine wrote is not there: some filesystems keep the whole file of
            whoever closes it last.
    """
    with open(path, "xb") as file:
        file.truncate(size)  # before anybody writes: NFS fills up what is beyond the end
    ends: list[tuple[int, bytes]] = []
    yield PieceFile(PositionedWriter(path), ends.extend, anywhere=True)
    with open(path, "rb", buffering=0) as file:
        for offset, content in ends:
            if os.pread(file.fileno(), len(content), offset) != content:
                raise OutputError(
                    f"{os.path.dirname(path)}: this filesystem loses what several machines write "
                    "to one file: merge it on one machine, with raydrift finalize"
                )


class PassingWriter:
    """Writes nothing: the content is the receipt."""

    def put(self, piece: Piece, buffers: Iterable[Buffer]) -> Receipt:
        """Returns the offset and the content."""
        return piece.offset, list(buffers)


@contextmanager
def in_order(sink: Sink) -> Iterator[PieceFile]:
    """A file that can only be written front to back.

    Pieces that come before their turn, one after another, wait on this machine's disk.
    """
    end = 0
    with SpooledTemporaryFile(max_size=_SPOOL_BYTES) as early:

        def take(receipt: tuple[int, list[Buffer]]) -> None:
            nonlocal end
            offset, buffers = receipt
            to: Sink = sink if offset == end else early
            for buffer in buffers:
                to.write(buffer)
            if offset == end:
                end += sum(map(len, buffers))

        yield PieceFile(PassingWriter(), take, anywhere=False)
        early.seek(0)
        while block := early.read(2**20):
            sink.write(block)

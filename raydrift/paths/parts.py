"""A file that several writers fill at once, each a part of its own, in any order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Final, Protocol

from raydrift.cpus import usable_cpus
from raydrift.errors import OutputError
from raydrift.paths.sinks import WRITE_BYTES, Buffer, Sink, in_small_writes
from raydrift.paths.sync import begin_sync, sync_file

PartResult = Any
"""What the writer of a part tells to who completes the file."""

_BUFFERS_AT_ONCE: Final = 1_024  # as many as Linux takes
_LOOKED_AT: Final = 64
_MOST_AT_ONCE: Final = 8
_SPOOL_BYTES: Final = 32 * 2**20


@dataclass(frozen=True)
class FilePart:
    """Where a part belongs.

    Attributes:
        number: Its place among the parts, from 0.
        offset: Where its first byte lies in the file.
    """

    number: int
    offset: int


class PartWriter(Protocol):
    """Writes parts; small, and picklable where other processes can write too."""

    def put(self, part: FilePart, buffers: Iterable[Buffer]) -> PartResult:
        """Writes the content of a part; once more is no harm."""


@dataclass(frozen=True)
class PartFile:
    """A file in the making.

    Attributes:
        writer: Writes its parts.
        take: Hears each part's result, in order.
        anywhere: Whether the writer works in other processes too.
        at_once: How many parts one process does well to write side by side.
    """

    writer: PartWriter
    take: Callable[[PartResult], object]
    anywhere: bool
    at_once: int


@dataclass(frozen=True)
class PositionedWriter:
    """Writes parts to where they belong in a file that is there and has its size."""

    path: str

    def put(self, part: FilePart, buffers: Iterable[Buffer]) -> PartResult:
        """Writes a part and syncs it; returns where its first and its last bytes are, and which.

        Whoever completes the file may be on another machine, whose sync does not reach this one's
        memory.
        """
        ends: list[tuple[int, bytes]] = []
        position = begun = part.offset
        file = os.open(self.path, os.O_WRONLY)  # if it could read, NFS would send whole pages
        try:
            for some in _gathered(buffers):
                first, last = bytes(some[0][:_LOOKED_AT]), bytes(some[-1][-_LOOKED_AT:])
                ends = ends or [(position, first)]
                position = _write(file, some, position)
                ends[1:] = [(position - len(last), last)]
                begun = begin_sync(file, begun, position)
            sync_file(file)
        finally:
            os.close(file)
        return ends


def _gathered(buffers: Iterable[Buffer]) -> Iterator[deque[Buffer]]:
    """As much of them as one write takes: some small ones, or a part of a large one."""
    some, size = deque[Buffer](), 0
    for buffer in buffers:
        for part in in_small_writes(buffer):
            if some and (size + len(part) > WRITE_BYTES or len(some) == _BUFFERS_AT_ONCE):
                yield some
                some, size = deque(), 0
            some.append(part)
            size += len(part)
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
def positioned(path: str, size: int) -> Iterator[PartFile]:
    """Makes a file of this size, to be filled in any order.

    Raises:
        OutputError: What one machine wrote is not there: some filesystems keep the whole file of
            whoever closes it last.
    """
    with open(path, "xb") as file:
        file.truncate(size)  # before anybody writes: NFS fills up what is beyond the end
    ends: list[tuple[int, bytes]] = []
    at_once = max(2, min(_MOST_AT_ONCE, usable_cpus()))
    yield PartFile(PositionedWriter(path), ends.extend, anywhere=True, at_once=at_once)
    with open(path, "rb", buffering=0) as file:
        for offset, content in ends:
            if os.pread(file.fileno(), len(content), offset) != content:
                raise OutputError(
                    f"{os.path.dirname(path)}: this filesystem loses what several machines write "
                    "to one file: merge it on one machine, with raydrift finalize"
                )


class PassingWriter:
    """Writes nothing: the content is the result."""

    def put(self, part: FilePart, buffers: Iterable[Buffer]) -> PartResult:
        """Returns the offset and the content, which may travel to another process."""
        return part.offset, b"".join(buffers)


@contextmanager
def in_order(sink: Sink) -> Iterator[PartFile]:
    """A file that can only be written front to back.

    Pieces that come before their turn, one after another, wait on this machine's disk.
    """
    end = 0
    with SpooledTemporaryFile(max_size=_SPOOL_BYTES) as early:

        def take(result: tuple[int, bytes]) -> None:
            nonlocal end
            offset, content = result
            to: Sink = sink if offset == end else early
            to.write(content)
            if offset == end:
                end += len(content)

        yield PartFile(PassingWriter(), take, anywhere=False, at_once=2)
        early.seek(0)
        while block := early.read(2**20):
            sink.write(block)

"""What files are written to, and how much of it at once."""

from collections.abc import Iterator
from typing import Final, Protocol

Buffer = bytes | memoryview

WRITE_BYTES: Final = 100_000
"""What goes to this machine's disks in one write, at most.

Linux takes memory for a write in blocks as large as the write and its place in the file allow. A
virtual machine gives its large free blocks back to the host, and getting one again takes longer
than all else: writes of 1 MB, and of powers of two, ran at 500 MB/s where these ran at 2,500.
"""


class Sink(Protocol):
    """What a file is written to."""

    def write(self, data: Buffer, /) -> object:
        """Takes the next bytes."""


class SmallWrites:
    """Passes on what it is given in small writes.

    Args:
        sink: A file on this machine's disks, not buffered.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: Buffer, /) -> None:
        """Takes the next bytes."""
        for part in in_small_writes(data):
            self._sink.write(part)


def in_small_writes(buffer: Buffer) -> Iterator[memoryview]:
    """The parts of a buffer that are written one by one; nothing is copied."""
    data = memoryview(buffer).cast("B")
    for start in range(0, len(data), WRITE_BYTES):
        yield data[start : start + WRITE_BYTES]

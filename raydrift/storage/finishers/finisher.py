"""What a finisher is: it lays out the files that hold a run's images, writes and reads them.

The tables are the same whatever the images are in, and so is the merge, which knows no more of a
finisher than what stands here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa
from isal import isal_zlib

from raydrift.paths import Buffer, FilePart, PartFile, PartResult, PartWriter, StoragePath
from raydrift.settings.image import ImageSettings
from raydrift.storage.parallel_map import ParallelMap
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.storage.written_images import PlacedImages


class Part(Protocol):
    """The part of a file that one writer fills: the images of some shards."""

    @property
    def number(self) -> int:
        """Its place among the file's parts, from 0."""

    @property
    def rows(self) -> tuple[LedgerRow, ...]:
        """Its shards."""

    @property
    def offset(self) -> int:
        """Where its first byte is in the file."""

    @property
    def size(self) -> int:
        """Its bytes."""


class PlannedFile(Protocol):
    """A file of which every byte has its place before any is written."""

    @property
    def name(self) -> str | None:
        """In the run's folder; None: nothing is written, the parts are merely read."""

    @property
    def parts(self) -> Sequence[Part]:
        """In order, without gaps."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""


class FileEnd(Protocol):
    """Writes what comes after the parts of a file."""

    def add(self, entries: bytes | bytearray) -> None:
        """Hears what the next part tells of itself, in order."""

    def close(self, crc: int) -> int:
        """Writes the end; takes the CRC-32 of all parts and returns that of the whole file."""


@dataclass
class FilledPart:
    """What is known of a part when it is written.

    Attributes:
        crc: CRC-32 of its bytes.
        directory: What it tells to the end of its file, as the entries of a zip's directory.
        shards: Each one's table, without the images.
        result: What its writer returned.
    """

    crc: int = 0
    directory: bytearray = field(default_factory=bytearray)
    shards: list[pa.Table] = field(default_factory=list)
    result: PartResult = None


class Finisher(Protocol):
    """One way in which the shards of a run become its result; small, and picklable.

    Two that make the same files are equal.
    """

    @property
    def name(self) -> str:
        """As the setting ``write.container`` has it."""

    @property
    def file_bytes(self) -> int | None:
        """The most that one of several files has; None: there are not several."""

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        """The tables that are written beside those of every run."""

    def check_before_run(self, output: StoragePath, samples: int, image: ImageSettings) -> None:
        """Refuses, before any work, files that could be too large for their place.

        Raises:
            OutputError: They could be.
        """

    def check_before_merge(self, output: StoragePath, files: Sequence[PlannedFile]) -> None:
        """Refuses files that are too large for their place.

        Raises:
            OutputError: They are.
        """

    def measured(
        self, output: StoragePath, rows: Sequence[LedgerRow], parallel_map: ParallelMap
    ) -> Sequence[LedgerRow]:
        """The shards, with all sizes that the layout needs; those that the ledger lacks are read.

        Raises:
            ShardError: A shard is gone or altered.
        """

    def plan(self, rows: Sequence[LedgerRow], part_bytes: int) -> Sequence[PlannedFile]:
        """Lays out the files by the sizes of the shards, and by nothing else.

        Args:
            rows: The run's shards, in order.
            part_bytes: That a writer fills at a time, at least.
        """

    def opened(self, output: StoragePath, file: Any) -> AbstractContextManager[PartFile]:
        """Opens one of the files to be written; it appears whole when the block ends."""

    def content(self, output: StoragePath, part: Any, filled: FilledPart) -> Iterator[Buffer]:
        """The bytes of a part, from its shards, which are checked; ``filled`` is told of them.

        Raises:
            ShardError: A shard is gone or altered.
        """

    def end(self, file: PartFile, planned: Any) -> FileEnd:
        """What ends one of the files."""

    def images(self, output: StoragePath, record: JobRecord) -> PlacedImages:
        """Reads the images of a finished run back.

        Raises:
            OutputError: They cannot be read, or there are none.
        """

    def check_ends(self, file: pa.NativeFile, images: int) -> None:
        """Looks at the ends of one of the files, which is to have so many images.

        Raises:
            DamagedError: They are not as they were written.
        """

    def check_members(self, output: StoragePath, record: JobRecord, names: Iterator[str]) -> None:
        """Compares what the files say of their members with the mapping's names.

        Raises:
            DamagedError: They are others; the text begins with the file's name.
        """


def fill_part(output: StoragePath, finisher: Finisher, task: tuple[PartWriter, Part]) -> FilledPart:
    """What the writer of a part does: reads its shards, checks them and writes their images.

    Raises:
        ShardError: A shard is gone or altered.
        OSError: The file cannot be written.
    """
    writer, part = task
    filled = FilledPart()
    content = _summed(finisher.content(output, part, filled), filled)
    filled.result = writer.put(FilePart(part.number, part.offset), content)
    return filled


def _summed(buffers: Iterable[Buffer], filled: FilledPart) -> Iterator[Buffer]:
    for buffer in buffers:
        filled.crc = isal_zlib.crc32(buffer, filled.crc)
        yield buffer

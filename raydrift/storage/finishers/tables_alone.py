"""No images: the tables alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ClassVar, Final

import pyarrow as pa

from raydrift.errors import OutputError
from raydrift.paths import Buffer, FilePart, PartFile, PartResult, StoragePath
from raydrift.settings.image import ImageSettings
from raydrift.storage.finishers.finisher import FilledPart, PlannedFile
from raydrift.storage.finishers.webdataset import NoEnd
from raydrift.storage.parallel_map import ParallelMap
from raydrift.storage.record import JobRecord
from raydrift.storage.shard_members import without_images
from raydrift.storage.shards import LedgerRow, open_shard
from raydrift.storage.splitting import in_parts
from raydrift.storage.written_images import PlacedImages

_AT_ONCE: Final = 4


@dataclass(frozen=True)
class ReadPart:
    """Some shards that are read for their tables.

    Attributes:
        number: Its place among the parts, from 0.
        rows: Its shards.
    """

    number: int
    rows: tuple[LedgerRow, ...]
    offset: ClassVar[int] = 0
    size: ClassVar[int] = 0


@dataclass(frozen=True)
class NoFile:
    """All shards, which are read and written nowhere.

    Attributes:
        parts: In order.
    """

    parts: tuple[ReadPart, ...]
    name: ClassVar[None] = None
    size: ClassVar[int] = 0


@dataclass(frozen=True)
class TablesAlone:
    """The tables of every run, and no file of images."""

    name: ClassVar[str] = "tables"
    file_bytes: ClassVar[None] = None
    tables: ClassVar[Mapping[str, pa.Schema]] = {}

    def check_before_run(self, output: StoragePath, samples: int, image: ImageSettings) -> None:
        """Tables find room everywhere."""

    def check_before_merge(self, output: StoragePath, files: Sequence[PlannedFile]) -> None:
        """Tables find room everywhere."""

    def measured(
        self, output: StoragePath, rows: Sequence[LedgerRow], parallel_map: ParallelMap
    ) -> Sequence[LedgerRow]:
        """The ledger has all sizes."""
        return rows

    def plan(self, rows: Sequence[LedgerRow], part_bytes: int) -> Sequence[NoFile]:
        """The shards as they are read, some at a time."""
        pieces = in_parts([row.size for row in rows], part_bytes)
        return [
            NoFile(
                tuple(
                    ReadPart(number, tuple(rows[piece.begin : piece.end]))
                    for number, piece in enumerate(pieces)
                )
            )
        ]

    def opened(self, output: StoragePath, file: NoFile) -> AbstractContextManager[PartFile]:
        """Nothing is written."""
        return nullcontext(PartFile(_NoWriter(), _ignore, anywhere=True, at_once=_AT_ONCE))

    def content(self, output: StoragePath, part: ReadPart, filled: FilledPart) -> Iterator[Buffer]:
        """No bytes; ``filled`` is told of the shards."""
        for row in part.rows:
            filled.shards.append(without_images(open_shard(output, row)))
        return iter(())

    def end(self, file: PartFile, planned: NoFile) -> NoEnd:
        """There is none."""
        return NoEnd()

    def images(self, output: StoragePath, record: JobRecord) -> PlacedImages:
        """There are none.

        Raises:
            OutputError: Always.
        """
        raise OutputError(
            f"{output} has tables and no images, since --container tables made it: make the set "
            "again with --container zip --overwrite; if it has its shards, raydrift finalize "
            f"{output} --container zip is enough"
        )

    def check_ends(self, file: pa.NativeFile, images: int) -> None:
        """No file has images."""

    def check_members(self, output: StoragePath, record: JobRecord, names: Iterator[str]) -> None:
        """No file has members."""


class _NoWriter:
    """Writes nothing."""

    def put(self, part: FilePart, buffers: Iterable[Buffer]) -> PartResult:
        """Asks for the content, of which there is none."""
        for _ in buffers:
            pass


def _ignore(result: PartResult) -> None:
    """There is nothing to complete."""

"""Images in tar files that training code can stream, as webdataset reads them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq

from raydrift import schemas
from raydrift.paths import Buffer, PartFile, StoragePath
from raydrift.settings.image import ImageSettings
from raydrift.storage import layout
from raydrift.storage.damaged import DamagedError
from raydrift.storage.finishers.finisher import FilledPart, PlannedFile
from raydrift.storage.parallel_map import ParallelMap
from raydrift.storage.record import JobRecord
from raydrift.storage.room import check_file_bytes
from raydrift.storage.shards import LedgerRow
from raydrift.storage.tar_layout import TarLayout, TarPart, plan_tars
from raydrift.storage.tar_part import tar_content, with_tar_size
from raydrift.storage.tar_reader import check_tar
from raydrift.storage.written_images import IndexedImages, PlacedImages

TAR_BYTES: Final = 2**30
"""The bytes of a tar file: large enough to stream, small enough that every worker has several."""

_READERS: Final = 4  # each has a few images in memory


@dataclass(frozen=True)
class WebDataset:
    """``sampled_images-000000.tar`` and so on, each of whole shards, and ``image_index.parquet``.

    Attributes:
        file_bytes: The most that one has, unless a single shard has more.
    """

    file_bytes: int = TAR_BYTES
    name: ClassVar[str] = "webdataset"
    tables: ClassVar[Mapping[str, pa.Schema]] = {layout.IMAGE_INDEX: schemas.IMAGE_INDEX}

    def check_before_run(self, output: StoragePath, samples: int, image: ImageSettings) -> None:
        """Refuses files that are too large."""
        check_file_bytes(output, self.file_bytes)

    def check_before_merge(self, output: StoragePath, files: Sequence[PlannedFile]) -> None:
        """Refuses files that are too large."""
        check_file_bytes(output, self.file_bytes)

    def measured(
        self, output: StoragePath, rows: Sequence[LedgerRow], parallel_map: ParallelMap
    ) -> Sequence[LedgerRow]:
        """The shards, with what they take in a tar; those of a run for another container are read.

        Raises:
            ShardError: A shard is gone or altered.
        """
        lacking = [row for row in rows if row.tar_size < 0]
        found = {}
        with closing(parallel_map(partial(with_tar_size, output), lacking, _READERS)) as measured:
            for row in measured:
                found[row.shard] = row
        return [found.get(row.shard, row) for row in rows]

    def plan(self, rows: Sequence[LedgerRow], part_bytes: int) -> Sequence[TarLayout]:
        """As many shards a file as fit."""
        return plan_tars(rows, self.file_bytes, part_bytes)

    def opened(self, output: StoragePath, file: TarLayout) -> AbstractContextManager[PartFile]:
        """Opens a tar file; S3 takes its last part in any size, so that one part is an upload."""
        return (output / file.name).writing_parts(file.size, len(file.parts) + 1)

    def content(self, output: StoragePath, part: TarPart, filled: FilledPart) -> Iterator[Buffer]:
        """The samples of some shards."""
        return tar_content(output, part, filled)

    def end(self, file: PartFile, planned: TarLayout) -> "NoEnd":
        """The last part has it."""
        return NoEnd()

    def images(self, output: StoragePath, record: JobRecord) -> PlacedImages:
        """Reads the index at once: a tar file has no directory."""
        return IndexedImages(output)

    def check_ends(self, file: pa.NativeFile, images: int) -> None:
        """Looks at the first image, and at the end."""
        check_tar(file, images)

    def check_members(self, output: StoragePath, record: JobRecord, names: Iterator[str]) -> None:
        """Whether the index has so many images in each file as the file has."""
        found = dict.fromkeys((name for name in record.files if name.endswith(".tar")), 0)
        with (output / layout.IMAGE_INDEX).open_here_and_there() as file:
            for batch in pq.ParquetFile(file).iter_batches(columns=["container"]):
                for one in batch["container"].value_counts().to_pylist():
                    found[one["values"]] = found.get(one["values"], 0) + one["counts"]
        for name, images in found.items():
            if images != record.files.get(name, {}).get("images"):
                raise DamagedError(f"{layout.IMAGE_INDEX} has other images than {name}")


class NoEnd:
    """Nothing comes after the parts."""

    def add(self, entries: bytes | bytearray) -> None:
        """They have told nothing."""

    def close(self, crc: int) -> int:
        """The checksum is that of the parts."""
        return crc

"""Images in one zip, or in several."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, Final

import pyarrow as pa

from raydrift.paths import Buffer, PartFile, StoragePath
from raydrift.settings.image import ImageSettings
from raydrift.storage import layout
from raydrift.storage.damaged import DamagedError
from raydrift.storage.finishers.finisher import FilledPart, PlannedFile
from raydrift.storage.parallel_map import ParallelMap
from raydrift.storage.record import JobRecord
from raydrift.storage.room import check_file_bytes, check_zip_before_merge, check_zip_before_run
from raydrift.storage.shards import LedgerRow
from raydrift.storage.written_images import ImagesOfFiles, PlacedImages, ZippedImages
from raydrift.storage.zip_directory import ZipDirectory
from raydrift.storage.zip_layout import ZipLayout, ZipPart, plan_masks, plan_zip, plan_zips
from raydrift.storage.zip_part import zip_content
from raydrift.storage.zip_reader import check_ends, entries, read_end
from raydrift.text import plural

ZIP_BYTES: Final = 4 * 2**30
"""The bytes of one of several zips: below it a zip needs none of ZIP64's offsets."""


@dataclass(frozen=True)
class _Zipped:
    """What one zip and several have in common."""

    tables: ClassVar[Mapping[str, pa.Schema]] = {}

    def opened(self, output: StoragePath, file: ZipLayout) -> AbstractContextManager[PartFile]:
        """Opens a zip to be written."""
        return (output / file.name).writing_parts(file.size, len(file.parts))

    def measured(
        self, output: StoragePath, rows: Sequence[LedgerRow], parallel_map: ParallelMap
    ) -> Sequence[LedgerRow]:
        """The ledger has all sizes."""
        return rows

    def content(self, output: StoragePath, part: ZipPart, filled: FilledPart) -> Iterator[Buffer]:
        """The members of some shards."""
        return zip_content(output, part, filled)

    def end(self, file: PartFile, planned: ZipLayout) -> ZipDirectory:
        """The directory."""
        return ZipDirectory(file, planned)

    def check_ends(self, file: pa.NativeFile, images: int) -> None:
        """Looks at the directory's end, and at the first and the last member."""
        end = read_end(file)
        if end.members != images:
            raise DamagedError(f"has {plural(end.members, 'image')}, {images} were written")
        check_ends(file, end)

    def check_members(self, output: StoragePath, record: JobRecord, names: Iterator[str]) -> None:
        """Whether the directories name the members of the mapping, one behind the other."""
        zips = [name for name in record.files if layout.has_images(name)]
        for number, name in enumerate(zips, 1):
            with _naming(name):
                _check_directory(output / name, names, is_last=number == len(zips))
        if layout.MASKS in record.files:
            of_images = chain.from_iterable(_members(output / name) for name in zips)
            with _naming(layout.MASKS):
                _check_directory(output / layout.MASKS, of_images, is_last=True)


@dataclass(frozen=True)
class OneZip(_Zipped):
    """``sampled_images.zip``."""

    name: ClassVar[str] = "zip"
    file_bytes: ClassVar[None] = None

    def check_before_run(self, output: StoragePath, samples: int, image: ImageSettings) -> None:
        """Refuses a run whose zip could become too large."""
        check_zip_before_run(output, samples, image)

    def check_before_merge(self, output: StoragePath, files: Sequence[PlannedFile]) -> None:
        """Refuses a zip that is too large."""
        check_zip_before_merge(output, sum(file.size for file in files))

    def plan(self, rows: Sequence[LedgerRow], part_bytes: int) -> Sequence[ZipLayout]:
        """All shards in one file, and their masks in another."""
        return [plan_zip(rows, part_bytes), *plan_masks(rows, part_bytes)]

    def images(self, output: StoragePath, record: JobRecord) -> PlacedImages:
        """Reads the directory at once."""
        return ZippedImages(output / layout.ZIP)


@dataclass(frozen=True)
class SeveralZips(_Zipped):
    """``sampled_images-00000.zip`` and so on, each of whole shards.

    Attributes:
        file_bytes: The most that one has, unless a single shard has more.
    """

    file_bytes: int = ZIP_BYTES
    name: ClassVar[str] = "zips"

    def check_before_run(self, output: StoragePath, samples: int, image: ImageSettings) -> None:
        """Refuses files that are too large."""
        check_file_bytes(output, self.file_bytes)

    def check_before_merge(self, output: StoragePath, files: Sequence[PlannedFile]) -> None:
        """Refuses files that are too large."""
        check_file_bytes(output, self.file_bytes)

    def plan(self, rows: Sequence[LedgerRow], part_bytes: int) -> Sequence[ZipLayout]:
        """As many shards a file as fit, and all masks in one."""
        return [*plan_zips(rows, self.file_bytes, part_bytes), *plan_masks(rows, part_bytes)]

    def images(self, output: StoragePath, record: JobRecord) -> PlacedImages:
        """Reads the directory of a zip when an image of it is asked for."""
        return ImagesOfFiles(output, record)


def _members(place: StoragePath) -> Iterator[str]:
    """The names of a zip's members, in order."""
    with place.open_here_and_there() as file:
        for member in entries(file, read_end(file)):
            yield member.path.decode()


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Has what is wrong with a file begin with its name."""
    try:
        yield
    except DamagedError as error:
        raise DamagedError(f"{name} {error}") from None


def _check_directory(place: StoragePath, names: Iterator[str], is_last: bool) -> None:
    """Compares a zip's directory with the next of the mapping's names; the last zip has the rest.

    Raises:
        DamagedError: It names others, or has gaps.
    """
    others = DamagedError(f"has other members than {layout.INPUT_MAPPING}")
    with place.open_here_and_there() as file:
        end = read_end(file)
        offset = 0
        for member in entries(file, end):
            name = next(names, None)
            if name is None or member.path != name.encode() or member.offset != offset:
                raise others
            offset = member.end
    if offset != end.offset or (is_last and next(names, None) is not None):
        raise others

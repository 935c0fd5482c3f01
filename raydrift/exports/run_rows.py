"""A finished run as an export reads it: sample by sample, of which a few are in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.catalog.folders import ONE_CLASS
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.finishers.chosen import finisher_of
from raydrift.storage.record import JobRecord, require_record
from raydrift.storage.views import check_one_folder
from raydrift.storage.written_images import WrittenImages, ZippedImages

_AT_ONCE: Final = 4096

_COLUMNS: Final = {
    layout.INPUT_MAPPING: ("sample_id", "timestamp"),
    layout.TARGET: ("label",),
    layout.PROVENANCE: ("class_name", "source_path", "drifted", "level"),
}


@dataclass(frozen=True)
class RunRow:
    """What is known of a sample.

    Attributes:
        place: Its place among those that were written, from 0.
        sample_id: Its number.
        timestamp: Seconds since 1970.
        label: The label of its class.
        class_name: Its class.
        source_path: The image that it was made of; of a synthesized one its class and number.
        drifted: Whether anything was done to it.
        level: The largest level in force on it, 0 to 1.
    """

    place: int
    sample_id: int
    timestamp: float
    label: int
    class_name: str
    source_path: str
    drifted: bool
    level: float


class FinishedRun:
    """A finished run.

    Args:
        output: Its folder.

    Raises:
        OutputError: There is none, it is not finished, or has no images of its own.

    Attributes:
        output: As given.
        record: Its ``run.json``.
        images: Its pictures; several threads can read them at once.
        masks: The masks of all samples; None: there are none, or none outside of tar files.
    """

    def __init__(self, output: StoragePath) -> None:
        self.output = output
        self.record: JobRecord = require_record(output)
        check_one_folder(output, self.record, "export")
        if self.record.status != "complete":
            raise OutputError(
                f"{output} is not finished: run the same command again, or raydrift finalize"
            )
        self.images: WrittenImages = finisher_of(self.record).images(output, self.record)
        self.masks: WrittenImages | None = None
        if layout.MASKS in self.record.files:
            self.masks = ZippedImages(output / layout.MASKS)

    def __len__(self) -> int:
        """How many samples were written."""
        return int(self.record.counts["written"])

    @property
    def has_classes(self) -> bool:
        """Whether the input had classes: a flat one has one, which is no class."""
        return list(self.record.classes) != [ONE_CLASS]

    @property
    def network(self) -> str | None:
        """The network that made the images, as ``to_target`` or ``generator``; None: none did."""
        found = self.record.identity.get("network")
        return None if found is None else str(found)

    def rows(self) -> Iterator[RunRow]:
        """All samples, in order.

        Raises:
            OutputError: A table cannot be read.
        """
        columns = [self._values(name, *names) for name, names in _COLUMNS.items()]
        for place, parts in enumerate(zip(*columns, strict=True)):
            yield RunRow(place, *(value for part in parts for value in part))

    def _values(self, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        table = self.output / name
        try:
            with table.open_here_and_there() as file:
                read = pq.ParquetFile(file)
                for batch in read.iter_batches(_AT_ONCE, columns=list(columns)):
                    yield from zip(*(batch[one].to_pylist() for one in columns), strict=True)
        except (OSError, pa.ArrowException) as error:
            raise OutputError(f"{table} cannot be read: see raydrift inspect") from error

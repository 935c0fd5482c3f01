"""The images of a run, one by one: from what they are in, nothing unpacked, or from the shards."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.damaged import DamagedError
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.storage.zip_reader import entries, read_end


class WrittenImages(Protocol):
    """The PNGs of a run, by the place of their samples."""

    def png(self, place: int) -> bytes:
        """The PNG of a sample; 0 is the first one that was written."""


class Places(NamedTuple):
    """Where all images of a run are, in order.

    Attributes:
        names: Of the files.
        files: Int64, of each image its file among them.
        begins: Int64, its first byte in the file.
        sizes: Int64, its bytes.
    """

    names: list[str]
    files: npt.NDArray[np.int64]
    begins: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]


class PlacedImages(WrittenImages, Protocol):
    """The PNGs of a finished run."""

    def places(self) -> Places:
        """Where they are.

        Raises:
            OutputError: That cannot be read.
        """


class ZippedImages:
    """The members of a finished zip; its directory is read once, 16 bytes a member are kept.

    Args:
        place: The zip.

    Raises:
        OutputError: It cannot be read.
    """

    def __init__(self, place: StoragePath) -> None:
        self._zip = place
        try:
            with self._zip.open_here_and_there() as file:
                end = read_end(file)
                found = np.fromiter(
                    ((entry.end - entry.size, entry.size) for entry in entries(file, end)),
                    np.dtype((np.int64, 2)),
                    end.members,
                )
        except (DamagedError, OSError, ValueError) as error:
            raise OutputError(
                f"{self._zip} cannot be read ({error}): see raydrift inspect"
            ) from None
        columns: npt.NDArray[np.int64] = found.view(np.int64)
        self._begins, self._sizes = columns[:, 0], columns[:, 1]

    def png(self, place: int) -> bytes:
        """The PNG of a sample; 0 is the first one that was written."""
        return self._zip.read_part(int(self._sizes[place]), int(self._begins[place]))

    def places(self) -> Places:
        """Where they are."""
        files = np.zeros(len(self._sizes), np.int64)
        return Places([self._zip.path.rpartition("/")[2]], files, self._begins, self._sizes)


class ImagesOfFiles:
    """The members of several zips; a directory is read when an image of its zip is asked for.

    Args:
        output: The folder of a finished run.
        record: The run's record; it tells how many images each zip has.
    """

    def __init__(self, output: StoragePath, record: JobRecord) -> None:
        counts = {n: int(facts["images"]) for n, facts in record.files.items() if "images" in facts}
        self._files = [output / name for name in counts]
        self._begins = np.concatenate([[0], np.cumsum([*counts.values()])]).astype(np.int64)
        self._read: dict[int, ZippedImages] = {}

    def png(self, place: int) -> bytes:
        """The PNG of a sample; 0 is the first one that was written."""
        number = int(np.searchsorted(self._begins, place, side="right")) - 1
        return self._opened(number).png(place - int(self._begins[number]))

    def places(self) -> Places:
        """Where they are; all directories are read."""
        parts = [self._opened(number).places() for number in range(len(self._files))]
        empty = np.zeros(0, np.int64)
        files = [part.files + number for number, part in enumerate(parts)]
        return Places(
            [part.names[0] for part in parts],
            np.concatenate([empty, *files]),
            np.concatenate([empty, *(part.begins for part in parts)]),
            np.concatenate([empty, *(part.sizes for part in parts)]),
        )

    def _opened(self, number: int) -> ZippedImages:
        if number not in self._read:
            self._read[number] = ZippedImages(self._files[number])
        return self._read[number]


class IndexedImages:
    """The images that an index finds in some files; it is read once, 20 bytes an image are kept.

    Args:
        output: The folder of a finished run.

    Raises:
        OutputError: The index cannot be read.
    """

    def __init__(self, output: StoragePath) -> None:
        self._output = output
        index = output / layout.IMAGE_INDEX
        try:
            with index.open_here_and_there() as file:
                table = pq.read_table(file, columns=["container", "offset", "size"])
        except (OSError, pa.ArrowException) as error:
            raise OutputError(f"{index} cannot be read ({error}): see raydrift inspect") from None
        files = table["container"].combine_chunks().dictionary_encode()
        self._names: list[str] = files.dictionary.to_pylist()
        self._files = files.indices.to_numpy()
        self._begins, self._sizes = table["offset"].to_numpy(), table["size"].to_numpy()

    def png(self, place: int) -> bytes:
        """The PNG of a sample; 0 is the first one that was written."""
        file = self._output / self._names[int(self._files[place])]
        return file.read_part(int(self._sizes[place]), int(self._begins[place]))

    def places(self) -> Places:
        """Where they are."""
        return Places(self._names, self._files.astype(np.int64), self._begins, self._sizes)


class ShardRows:
    """The rows of shards, which are read a row group at a time; the last one is kept.

    Args:
        files: The parquet files, in order.
        counts: How many rows each has.
    """

    def __init__(self, files: Sequence[StoragePath], counts: Sequence[int]) -> None:
        self._files = files
        self._begins = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._at: tuple[int, int, tuple[str, ...]] = (-1, -1, ())
        self._open: tuple[int, pq.ParquetFile] | None = None
        self._rows: list[dict[str, Any]] = []

    def __getstate__(self) -> dict[str, Any]:
        """Another process opens files of its own."""
        return vars(self) | {"_open": None, "_at": (-1, -1, ()), "_rows": []}

    def row(self, place: int, columns: Sequence[str]) -> dict[str, Any]:
        """Some columns of a row, as plain values."""
        number = int(np.searchsorted(self._begins, place, side="right")) - 1
        within = place - int(self._begins[number])
        file = self._file(number)
        group = 0
        while within >= (rows := file.metadata.row_group(group).num_rows):
            within, group = within - rows, group + 1
        if self._at != (at := (number, group, tuple(columns))):
            self._rows = file.read_row_group(group, list(columns)).to_pylist()
            self._at = at
        return self._rows[within]

    def _file(self, number: int) -> pq.ParquetFile:
        if self._open is None or self._open[0] != number:
            file = pq.ParquetFile(self._files[number].open_here_and_there())
            self._open = number, file
        return self._open[1]


class ShardImages:
    """The images in shards, before they are merged.

    Args:
        output: The run's folder.
        rows: Its shards, in order.
        column: Which PNGs: the images, or the masks.
    """

    def __init__(
        self,
        output: StoragePath,
        rows: Sequence[LedgerRow],
        column: str = layout.IMAGE_COLUMN,
    ) -> None:
        self._column = column
        folder = output / layout.SHARDS
        files = [folder / row.shard_name for row in rows]
        self._rows = ShardRows(files, [row.written for row in rows])

    def png(self, place: int) -> bytes:
        """The PNG of a sample; 0 is the first one that was written."""
        image: bytes = self._rows.row(place, [self._column])[self._column]["bytes"]
        return image

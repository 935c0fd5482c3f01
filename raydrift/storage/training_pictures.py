"""The pictures of a training, kept as pixels in shards that are mapped into memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow, open_shard

FACTS: Final = pa.schema(
    [
        ("path", pa.string()),
        ("class_name", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("grey", pa.bool_()),
        ("deviation", pa.float64()),
        ("content_crc", pa.int64()),
    ]
)
"""What is known of each picture: ``width`` and ``height`` of the image in its file, upright;
whether it is ``grey``; the standard ``deviation`` of its pixels, grey levels; the CRC-32 of its
file."""

PIXELS: Final = "pixels"
"""The column of the pixels of all pictures of a shard, as bytes."""

_LENGTH_BYTES: Final = 4  # that parquet puts before a value of bytes

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PictureShards:
    """Where the pixels of a domain are.

    Attributes:
        folder: The folder of the job that kept them.
        rows: Its shards, in order.
        shape: Height, width and channels of a picture.
    """

    folder: StoragePath
    rows: tuple[LedgerRow, ...]
    shape: tuple[int, int, int]

    def __len__(self) -> int:
        return sum(row.written for row in self.rows)

    def mapped(self) -> list[Pixels]:
        """The pixels of each shard that has pictures, (n, height, width, channels).

        They are mapped from the shards' files on this machine's disk; from elsewhere each is
        fetched once, into a file here that goes with them.

        Raises:
            ShardError: A shard is gone or damaged.
        """
        return [mapped_pixels(self.folder, row, self.shape) for row in self.rows if row.written]


def facts_of(tables: Sequence[pa.Table]) -> pa.Table:
    """What is known of the pictures of some shards (``FACTS``); their pixels are not touched."""
    parts = [
        pa.table([table[name][0].values for name in FACTS.names], schema=FACTS) for table in tables
    ]
    return pa.concat_tables([FACTS.empty_table(), *parts])


def mapped_pixels(folder: StoragePath, row: LedgerRow, shape: tuple[int, int, int]) -> Pixels:
    """The pixels of a shard, mapped.

    Args:
        folder: The folder of its job.
        row: The shard.
        shape: Height, width and channels of a picture.

    Raises:
        ShardError: It is gone or damaged.
    """
    with open_shard(folder, row) as file:
        whole = (row.written, *shape)
        begins = _first_byte(file, int(np.prod(whole)))
        if folder.is_local and begins is not None:
            path = (folder / layout.SHARDS / row.shard_name).path
            if _is_length(path, begins, int(np.prod(whole))):
                return np.memmap(path, np.uint8, "r", begins, whole)
        content = file.read(columns=[PIXELS])[PIXELS][0].as_buffer()
    with TemporaryFile() as own:
        pixels = np.memmap(own, np.uint8, "w+", shape=whole)
    pixels[:] = np.frombuffer(content, np.uint8).reshape(whole)
    return pixels


def _first_byte(file: pq.ParquetFile, size: int) -> int | None:
    """Where in a file its pixels begin; None: they are not written one after the other.

    The column has one value in one page. Written plainly and without compression, its bytes are the
    last ones of the column (https://parquet.apache.org/docs/file-format/data-pages/).
    """
    metadata = file.metadata
    column = metadata.row_group(0).column(file.schema_arrow.names.index(PIXELS))
    plain = column.compression == "UNCOMPRESSED" and column.dictionary_page_offset is None
    if metadata.num_row_groups != 1 or metadata.num_rows != 1 or not plain:
        return None
    return int(column.data_page_offset) + int(column.total_compressed_size) - size


def _is_length(path: str, begins: int, size: int) -> bool:
    """Whether the length of a value of bytes stands before its first byte."""
    with open(path, "rb") as file:
        file.seek(begins - _LENGTH_BYTES)
        return int.from_bytes(file.read(_LENGTH_BYTES), "little") == size

"""What the writer of one part of the zip does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from raydrift.errors import ShardError
from raydrift.paths import Buffer, FilePart, PartResult, PartWriter, StoragePath
from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow, open_shard
from raydrift.storage.zip_layout import ZipPart, directory_entry, member_header, members_size

_IMAGES_AT_ONCE: Final = 8  # a page of a shard


@dataclass
class FilledPart:
    """What is known of a part when it is written.

    Attributes:
        crc: CRC-32 of its bytes.
        directory: Its entries of the zip's directory.
        shards: Each one's table, without the images.
        result: The result of its writer.
    """

    crc: int = 0
    directory: bytearray = field(default_factory=bytearray)
    shards: list[pa.Table] = field(default_factory=list)
    result: PartResult = None


def fill_part(output: StoragePath, writer: PartWriter, part: ZipPart) -> FilledPart:
    """Reads the shards of a part, checks them and writes their members.

    Args:
        output: The run's folder.
        writer: The writer of the zip.
        part: The part.

    Raises:
        ShardError: A shard is gone or altered.
        OSError: The zip cannot be written.
    """
    filled = FilledPart()
    filled.result = writer.put(FilePart(part.number, part.offset), _content(output, part, filled))
    return filled


def _content(output: StoragePath, part: ZipPart, filled: FilledPart) -> Iterator[Buffer]:
    """The bytes of a part; a shard is read when the one before it was asked for to its end."""
    offset = part.offset
    for row in part.rows:
        yield from _shard_content(output, row, offset, part.zip64, filled)
        offset += members_size(row.written, row.names_size, row.image_bytes)


def _shard_content(
    output: StoragePath, row: LedgerRow, begin: int, zip64: bool, filled: FilledPart
) -> Iterator[Buffer]:
    """The bytes of a shard's members, which begin at an offset; ``filled`` is told of them."""
    shard = open_shard(output, row)
    offset = begin
    for name, image in members(shard):
        path, size, crc = name.encode(), len(image), isal_zlib.crc32(image)
        header = member_header(path, crc, size)
        filled.crc = isal_zlib.crc32(image, isal_zlib.crc32(header, filled.crc))
        filled.directory += directory_entry(path, crc, size, offset, zip64)
        offset += len(header) + size
        yield header
        yield image
    if offset - begin != members_size(row.written, row.names_size, row.image_bytes):
        raise _misfit(output, row)
    others = [name for name in shard.schema_arrow.names if name != "image"]
    filled.shards.append(shard.read(others, use_threads=False))


def members(shard: pq.ParquetFile) -> Iterator[tuple[str, memoryview]]:
    """Names and PNGs of a shard's samples, of which a few are in memory at a time."""
    for batch in shard.iter_batches(_IMAGES_AT_ONCE, columns=["image"], use_threads=False):
        contents = batch["image"].field("bytes")
        _, offsets, data = contents.buffers()
        ends = np.frombuffer(offsets or b"", np.int32)[contents.offset :].tolist()
        images = memoryview(data or b"").cast("B")
        for place, name in enumerate(batch["image"].field("path").to_pylist()):
            yield name, images[ends[place] : ends[place + 1]]


def _misfit(output: StoragePath, row: LedgerRow) -> ShardError:
    return ShardError(
        f"{output / layout.SHARDS / row.ledger_name} does not fit its shard: "
        "delete it and run the same generate command again, it redoes this shard"
    )

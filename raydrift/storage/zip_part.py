"""The content of one part of a zip."""

from collections.abc import Iterator

from isal import isal_zlib

from raydrift.paths import Buffer, StoragePath
from raydrift.storage import layout
from raydrift.storage.finishers.finisher import FilledPart
from raydrift.storage.shard_members import members, misfit, without_images
from raydrift.storage.shards import LedgerRow, open_shard
from raydrift.storage.zip_layout import ZipPart, directory_entry, member_header


def zip_content(output: StoragePath, part: ZipPart, filled: FilledPart) -> Iterator[Buffer]:
    """The bytes of a part; a shard is read when the one before it was asked for to its end.

    Args:
        output: The run's folder.
        part: The part.
        filled: Is told of its entries in the directory, and of its shards.

    Raises:
        ShardError: A shard is gone or altered.
    """
    offset = part.offset
    for row in part.rows:
        yield from _shard_content(output, row, offset, part, filled)
        offset += part.members_size(row)


def _shard_content(
    output: StoragePath, row: LedgerRow, begin: int, part: ZipPart, filled: FilledPart
) -> Iterator[Buffer]:
    """The bytes of a shard's members, which begin at an offset; ``filled`` is told of them."""
    shard = open_shard(output, row)
    offset = begin
    for name, image in members(shard, part.column):
        path, size, crc = name.encode(), len(image), isal_zlib.crc32(image)
        header = member_header(path, crc, size)
        filled.directory += directory_entry(path, crc, size, offset, part.zip64)
        offset += len(header) + size
        yield header
        yield image
    if offset - begin != part.members_size(row):
        raise misfit(output, row)
    if part.column == layout.IMAGE_COLUMN:  # the tables are written once
        filled.shards.append(without_images(shard))

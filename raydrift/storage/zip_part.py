"""The content of one part of a zip."""

from collections.abc import Iterator

from isal import isal_zlib

from raydrift.paths import Buffer, StoragePath
from raydrift.storage.finishers.finisher import FilledPart
from raydrift.storage.shard_members import members, misfit, without_images
from raydrift.storage.shards import LedgerRow, open_shard
from raydrift.storage.zip_layout import ZipPart, directory_entry, member_header, members_size


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
        yield from _shard_content(output, row, offset, part.zip64, filled)
        offset += members_size(row.written, row.names_size, row.content_bytes)


def _shard_content(
    output: StoragePath, row: LedgerRow, begin: int, zip64: bool, filled: FilledPart
) -> Iterator[Buffer]:
    """The bytes of a shard's members, which begin at an offset; ``filled`` is told of them."""
    shard = open_shard(output, row)
    offset = begin
    for name, image in members(shard):
        path, size, crc = name.encode(), len(image), isal_zlib.crc32(image)
        header = member_header(path, crc, size)
        filled.directory += directory_entry(path, crc, size, offset, zip64)
        offset += len(header) + size
        yield header
        yield image
    if offset - begin != members_size(row.written, row.names_size, row.content_bytes):
        raise misfit(output, row)
    filled.shards.append(without_images(shard))

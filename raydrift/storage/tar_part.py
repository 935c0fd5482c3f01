"""The content of one part of a tar file."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from typing import Final

import pyarrow as pa

from raydrift.paths import Buffer, StoragePath
from raydrift.storage import layout
from raydrift.storage.finishers.finisher import FilledPart
from raydrift.storage.shard_members import members, misfit, without_images
from raydrift.storage.shards import LedgerRow, open_shard
from raydrift.storage.tar_layout import TarPart
from raydrift.storage.tar_members import END, after_image, fact_names, member_header, samples_size

_ROWS_AT_ONCE: Final = 8  # a page of a shard


def with_tar_size(output: StoragePath, row: LedgerRow) -> LedgerRow:
    """A shard's ledger row with the bytes that its samples take in a tar file.

    Raises:
        ShardError: The shard is gone or altered.
    """
    shard = open_shard(output, row)
    batches = shard.iter_batches(_ROWS_AT_ONCE, use_threads=False)
    sizes = (samples_size(pa.Table.from_batches([batch])) for batch in batches)
    return replace(row, tar_size=sum(sizes))


def tar_content(output: StoragePath, part: TarPart, filled: FilledPart) -> Iterator[Buffer]:
    """The bytes of a part; a shard is read when the one before it was asked for to its end.

    Args:
        output: The run's folder.
        part: The part.
        filled: Is told of its shards, and where the image of each sample is.

    Raises:
        ShardError: A shard is gone or altered.
    """
    offset = part.offset
    for row in part.rows:
        yield from _shard_content(output, row, offset, part.file, filled)
        offset += row.tar_size
    if part.is_last:
        yield END


def _shard_content(
    output: StoragePath, row: LedgerRow, begin: int, file: str, filled: FilledPart
) -> Iterator[Buffer]:
    """The bytes of a shard's samples, which begin at an offset; ``filled`` is told of them."""
    shard = open_shard(output, row)
    table = without_images(shard)
    offset, offsets, sizes = begin, list[int](), list[int]()
    facts = table.select(fact_names(table)).to_pylist()
    masks: Iterator[memoryview | None] = repeat(None, len(facts))
    if layout.MASK_COLUMN in shard.schema_arrow.names:
        masks = (mask for _, mask in members(shard, layout.MASK_COLUMN))
    for (name, image), its, mask in zip(members(shard), facts, masks, strict=True):
        header, rest = member_header(name, len(image)), after_image(name, len(image), its, mask)
        offsets.append(offset + len(header))
        sizes.append(len(image))
        offset += len(header) + len(image) + len(rest)
        yield header
        yield image
        yield rest
    if offset - begin != row.tar_size:
        raise misfit(output, row)
    index = {
        "container": pa.array([file] * len(sizes), pa.string()),
        "offset": pa.array(offsets, pa.int64()),
        "size": pa.array(sizes, pa.int64()),
    }
    for name, column in index.items():
        table = table.append_column(name, column)
    filled.shards.append(table)

"""The samples of a committed shard, as a merge takes them."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.errors import ShardError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow

_IMAGES_AT_ONCE: Final = 8  # a page of a shard


def members(
    shard: pq.ParquetFile, column: str = layout.IMAGE_COLUMN
) -> Iterator[tuple[str, memoryview]]:
    """Names and PNGs of a shard's samples, of which a few are in memory at a time.

    Args:
        shard: The shard.
        column: Which PNGs: the images', or the masks'.
    """
    for batch in shard.iter_batches(_IMAGES_AT_ONCE, columns=[column], use_threads=False):
        contents = batch[column].field("bytes")
        _, offsets, data = contents.buffers()
        ends = np.frombuffer(offsets or b"", np.int32)[contents.offset :].tolist()
        images = memoryview(data or b"").cast("B")
        for place, name in enumerate(batch[column].field("path").to_pylist()):
            yield name, images[ends[place] : ends[place + 1]]


def without_images(shard: pq.ParquetFile) -> pa.Table:
    """All that there is to know of a shard's samples, but for the PNGs."""
    pngs = (layout.IMAGE_COLUMN, layout.MASK_COLUMN)
    others = [name for name in shard.schema_arrow.names if name not in pngs]
    return shard.read(others, use_threads=False)


def misfit(output: StoragePath, row: LedgerRow) -> ShardError:
    """That the sizes in a shard's ledger entry are not those of its images."""
    return ShardError(
        f"{output / layout.SHARDS / row.ledger_name} does not fit its shard: "
        "delete it and run the same generate command again, it redoes this shard"
    )

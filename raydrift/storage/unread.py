"""Images that could not be read, looked at again: a shard is made anew only if that can help."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Final, Literal

import pyarrow.parquet as pq

from raydrift.errors import ShardError
from raydrift.paths import StoragePath, may_pass
from raydrift.storage import layout
from raydrift.storage.parallel_map import in_threads
from raydrift.storage.rejected import unread_paths
from raydrift.storage.shards import LedgerRow, read_rejected

_LOOKING: Final = 32
"""Images that are looked at side by side."""

_PATHS: Final = 4_096
"""That are in memory at a time."""


def shards_to_read_again(
    output: StoragePath, rows: Iterable[LedgerRow], source: StoragePath, max_bytes: int
) -> list[int]:
    """Which shards may have more images if they are made anew.

    Those are the ones with an image whose reading was interrupted, and those with an image that
    could not be read and can be read now. Few paths are in memory at a time. Where many readings
    are interrupted, nothing more is looked at: the run has to find out what its input is like.

    Args:
        output: The run's folder.
        rows: The ledger rows of committed shards.
        source: Where the paths start from.
        max_bytes: A larger image is not read.
    """
    interrupted = 0

    def more(row: LedgerRow) -> int | None:
        nonlocal interrupted
        if row.interrupted or interrupted >= _LOOKING:
            return row.shard
        try:
            paths = unread_paths(read_rejected(output, row))
        except ShardError:  # its ledger entry was altered
            return row.shard
        for path in paths:
            found = look(source, path, max_bytes)
            interrupted += found == "interrupted"
            if found != "unreadable":
                return row.shard
        return None

    unread = (row for row in rows if row.unread)
    with closing(in_threads(more, unread, _LOOKING)) as found:
        return [shard for shard in found if shard is not None]


def is_any_readable_now(output: StoragePath, source: StoragePath, max_bytes: int) -> bool:
    """Whether an image that a merged run could not read can be read now.

    Args:
        output: The run's folder.
        source: Where the paths start from.
        max_bytes: A larger image is not read.
    """
    place = output / layout.REJECTED
    with (
        place.open_here_and_there() as file,
        ThreadPoolExecutor(_LOOKING) as pool,
    ):
        for batch in pq.ParquetFile(file).iter_batches(_PATHS, columns=["path", "stage"]):
            paths = [row["path"] for row in batch.to_pylist() if row["stage"] == "read"]
            if "readable" in pool.map(partial(look, source, max_bytes=max_bytes), paths):
                return True
    return False


def look(
    source: StoragePath, path: str, max_bytes: int
) -> Literal["readable", "unreadable", "interrupted"]:
    """Whether an image can be read now; ``interrupted``: perhaps, if it is tried later."""
    try:
        source.at(path).check_readable(max_bytes)
    except (OSError, ValueError) as error:
        return "interrupted" if may_pass(error) else "unreadable"
    return "readable"

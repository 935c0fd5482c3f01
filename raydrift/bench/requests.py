"""What a run asks of an object store; the tests count those of a real one."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from raydrift.storage.zip_layout import PART_BYTES, part_bytes_of

PAGE: Final = 1_000
"""Keys that S3 lists, or deletes, in one request."""


@dataclass(frozen=True)
class Requests:
    """To an object store.

    Left out are a hundred of each run, those of its lock, and of the writes one or two in a
    hundred: the pieces of the zip's directory and of the merged tables.

    Attributes:
        reads: GET and HEAD: two for each file that is read.
        writes: PUT, POST and LIST, which are priced alike.
    """

    reads: int
    writes: int


def requests_of(samples: int, shards: int, parts: int, prefixes: int) -> Requests:
    """What one run asks of S3.

    Args:
        samples: Images that are read.
        shards: That are written, read by the merge and deleted.
        parts: How many parts the zip's upload has; 1: it is one request.
        prefixes: Folders of the input.
    """
    pages = ceil(2 * shards / PAGE)  # each shard is two objects
    listing = 2 + max(prefixes, ceil(samples / PAGE))  # the input, and the output when it begins
    upload = 1 if parts == 1 else parts + 2
    # Its shards are listed when they are accepted and to be deleted, a page in a request.
    return Requests(
        reads=2 * samples + 2 * shards, writes=listing + 2 * shards + upload + 3 * pages
    )


def parts_of(zip_bytes: int, shard_bytes: int, part_bytes: int = PART_BYTES) -> int:
    """Ranges of a zip whose shards are all alike, as ``plan_zip`` makes them."""
    shards = max(1, zip_bytes // shard_bytes)
    return max(1, shards // ceil(part_bytes_of(zip_bytes, part_bytes) / shard_bytes))

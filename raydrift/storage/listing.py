"""What the input's listing told of each shard's files when they were read, kept with a run.

That is a CRC-32 of their states (``Catalog.states``): where the listing tells another one, some of
the files were written again, with the same content or another.
"""

import base64
from collections.abc import Sequence

import numpy as np


def pack(listing: Sequence[int]) -> str:
    """The shards' checksums, in order, as text for ``run.json``: six letters each."""
    return base64.b64encode(np.array(listing, np.int64).astype("<u4").tobytes()).decode()


def unpack(text: str) -> list[int]:
    """What ``pack`` was given."""
    return list(np.frombuffer(base64.b64decode(text), "<u4").tolist())

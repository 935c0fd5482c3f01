"""What an input turns out to be, before its order and labels are settled."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from raydrift.paths import StoragePath


@dataclass(frozen=True)
class Listing:
    """Every image of an input, in any order.

    Attributes:
        root: The folder that paths start from.
        table: ``path`` large_string, ``class_index`` int32, ``size`` int64 (bytes; -1 if not
            known) and ``modified`` int64 (ns since 1970; -1 if not known).
        classes: The class names, sorted; ``class_index`` counts in them.
        labels: Class name to integer label, where the input has labels of its own.
        ignored: Why files were passed over, and how many.
        columns: What else a manifest tells of each image, row by row.
        notes: Plain sentences that whoever uses the input should read.
    """

    root: StoragePath
    table: pa.Table
    classes: tuple[str, ...]
    labels: Mapping[str, int] | None = None
    ignored: Mapping[str, int] = field(default_factory=dict)
    columns: pa.Table | None = None
    notes: tuple[str, ...] = ()

"""A shard as one row of Ray Data, which is never split or bundled: its table, and its pixels."""

from typing import Final

import numpy as np
import pyarrow as pa

from raydrift.images.decoded import RGB

_SAMPLES: Final = "samples"
_PIXELS: Final = "pixels"


def as_row(samples: pa.Table, pixels: RGB | None = None) -> pa.Table:
    """A shard's table, and its pixels, as a table of one row; nothing is copied."""
    values = samples.combine_chunks().to_struct_array().combine_chunks()
    row = pa.table(
        {_SAMPLES: pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)}
    )
    if pixels is None:
        return row
    data = pa.py_buffer(pixels)
    ends = pa.py_buffer(np.array([0, data.size], np.int64))
    return row.append_column(
        _PIXELS, pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, ends, data])
    )


def table_of(row: pa.Table) -> pa.Table:
    """The shard's table that ``as_row`` was given."""
    return pa.Table.from_struct_array(row[_SAMPLES].combine_chunks().flatten())


def pixels_of(row: pa.Table, height: int, width: int) -> RGB:
    """The shard's pixels that ``as_row`` was given, read-only."""
    data = row[_PIXELS][0].as_buffer()
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)

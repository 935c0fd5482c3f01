"""A shard as one row of Ray Data, which is never split or bundled: its table, and its arrays."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_SAMPLES: Final = "samples"
PIXELS: Final = "pixels"
_DTYPE: Final = "_dtype"
_SHAPE: Final = "_shape"

Array = npt.NDArray[Any]


def as_row(samples: pa.Table, pixels: Array | None = None) -> pa.Table:
    """A shard's table, and its pixels, as a table of one row; nothing is copied.

    Args:
        samples: A row a sample.
        pixels: The pixels of any dtype and shape, contiguous.
    """
    values = samples.combine_chunks().to_struct_array().combine_chunks()
    row = pa.table(
        {_SAMPLES: pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)}
    )
    return row if pixels is None else with_array(row, PIXELS, pixels)


def with_array(row: pa.Table, name: str, array: Array) -> pa.Table:
    """A row with an array beside it; nothing is copied.

    Args:
        row: A table of one row.
        name: What the array is called in it.
        array: Of any dtype and shape, contiguous.
    """
    ends = pa.py_buffer(np.array([0, array.nbytes], np.int64))
    buffers = [None, ends, pa.py_buffer(array)]
    values = pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, buffers)
    row = row.append_column(name, values)
    row = row.append_column(name + _DTYPE, pa.array([array.dtype.str]))
    return row.append_column(name + _SHAPE, pa.array([array.shape], pa.list_(pa.int64())))


def table_of(row: pa.Table) -> pa.Table:
    """The shard's table that ``as_row`` was given."""
    return pa.Table.from_struct_array(row[_SAMPLES].combine_chunks().flatten())


def pixels_of(row: pa.Table) -> Array:
    """The shard's pixels that ``as_row`` was given, read-only; they are not copied."""
    return array_of(row, PIXELS)


def array_of(row: pa.Table, name: str) -> Array:
    """An array that ``with_array`` was given, read-only; it is not copied."""
    (whole,) = (chunk for chunk in row[name].chunks if len(chunk))
    _, ends, data = whole.buffers()  # of a scalar Arrow would make a copy
    start, end = np.frombuffer(ends, np.int64)[whole.offset :][:2]
    dtype, shape = np.dtype(row[name + _DTYPE][0].as_py()), row[name + _SHAPE][0].as_py()
    count = (end - start) // dtype.itemsize
    values: Array = np.frombuffer(data, dtype, count, start) if count else np.empty(0, dtype)
    values.flags.writeable = False
    return values.reshape(shape)

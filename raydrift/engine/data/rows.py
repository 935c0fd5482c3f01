"""A shard as one row of Ray Data, which is never split or bundled: its table, and its pixels."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_SAMPLES: Final = "samples"
_PIXELS: Final = "pixels"
_DTYPE: Final = "dtype"
_SHAPE: Final = "shape"


def as_row(samples: pa.Table, pixels: npt.NDArray[Any] | None = None) -> pa.Table:
    """A shard's table, and its pixels, as a table of one row; nothing is copied.

    Args:
        samples: A row a sample.
        pixels: The pixels of any dtype and shape, contiguous.
    """
    values = samples.combine_chunks().to_struct_array().combine_chunks()
    row = pa.table(
        {_SAMPLES: pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)}
    )
    if pixels is None:
        return row
    ends = pa.py_buffer(np.array([0, pixels.nbytes], np.int64))
    buffers = [None, ends, pa.py_buffer(pixels)]
    row = row.append_column(
        _PIXELS, pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, buffers)
    )
    row = row.append_column(_DTYPE, pa.array([pixels.dtype.str]))
    return row.append_column(_SHAPE, pa.array([pixels.shape], pa.list_(pa.int64())))


def table_of(row: pa.Table) -> pa.Table:
    """The shard's table that ``as_row`` was given."""
    return pa.Table.from_struct_array(row[_SAMPLES].combine_chunks().flatten())


def pixels_of(row: pa.Table) -> npt.NDArray[Any]:
    """The shard's pixels that ``as_row`` was given, read-only; they are not copied."""
    (whole,) = (chunk for chunk in row[_PIXELS].chunks if len(chunk))
    _, ends, data = whole.buffers()  # of a scalar Arrow would make a copy
    start, end = np.frombuffer(ends, np.int64)[whole.offset :][:2]
    dtype, shape = np.dtype(row[_DTYPE][0].as_py()), row[_SHAPE][0].as_py()
    count = (end - start) // dtype.itemsize
    pixels: npt.NDArray[Any] = np.frombuffer(data, dtype, count, start)
    return pixels.reshape(shape)

"""The images of a shard, gathered as they come: their PNGs, and their pixels."""

from typing import Final

import numpy as np
import pyarrow as pa

from raydrift.errors import PipelineError
from raydrift.images.pixels import Array, told
from raydrift.images.png_writer import encode_png, most_png_bytes

_MOST_BYTES: Final = 2**31 - 1  # of a column whose offsets have 32 bits


class PngColumn:
    """The PNGs of some images, in one place of memory.

    Args:
        count: How many there will be, the rejected ones too.
    """

    def __init__(self, count: int) -> None:
        self._data = np.empty(0, np.uint8)
        self._ends = np.zeros(count + 1, np.int32)
        self._there: list[bool] = []

    def add(self, pixels: Array | None) -> None:
        """Encodes the next image; None where it was rejected.

        Raises:
            TypeError: A PNG cannot have such pixels.
            PipelineError: There are too many of them.
        """
        place = len(self._there)
        start = end = int(self._ends[place])
        if pixels is not None:
            png = encode_png(pixels)
            end += len(png)
            if end > _MOST_BYTES:
                raise PipelineError("the PNGs of a shard are over 2 GiB: give a smaller shard_size")
            self._make_room(start, place, most_png_bytes(pixels))
            self._data[start:end] = np.frombuffer(png, np.uint8)
        self._ends[place + 1] = end
        self._there.append(pixels is not None)

    def finish(self) -> pa.Array:
        """All of them, binary, null where rejected."""
        there = pa.array(self._there)
        buffers = [there.buffers()[1], pa.py_buffer(self._ends), pa.py_buffer(self._data)]
        return pa.Array.from_buffers(pa.binary(), len(there), buffers)

    def _make_room(self, start: int, place: int, most: int) -> None:
        """Takes memory for all that are to come, if they are as this one; once, if they are.

        What is not written to yet takes no memory.
        """
        if start + most > len(self._data):
            data = np.empty(start + (len(self._ends) - 1 - place) * most, np.uint8)
            data[:start] = self._data[:start]
            self._data = data


class PixelStack:
    """The pixels of some images, stacked: all of one dtype and shape.

    Args:
        count: How many there will be, the rejected ones too.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._stack: Array | None = None

    def put(self, place: int, pixels: Array) -> None:
        """Takes an image.

        Raises:
            TypeError: It is not like those before.
        """
        if self._stack is None:
            self._stack = np.zeros((self._count, *pixels.shape), pixels.dtype)
        like = self._stack[place]
        if (like.dtype, like.shape) != (pixels.dtype, pixels.shape):
            raise TypeError(
                f"its pixels are {told(pixels)}, and those before are {told(like)}: give the "
                "network images of one kind"
            )
        self._stack[place] = pixels

    def finish(self, shape: tuple[int, ...]) -> Array:
        """All of them, black where rejected.

        Args:
            shape: The shape of an image where all are rejected.
        """
        return np.zeros((self._count, *shape), np.uint8) if self._stack is None else self._stack

"""The mosaics of a shard that are used later, in a file: a few of them fill a memory."""

from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np

from raydrift.images.decoded import Decoded
from raydrift.images.pixels import Array

_NOTHING: Final = (0, 0)


@dataclass(frozen=True)
class _Array:
    """Where an array is in the file."""

    start: int
    dtype: "np.dtype[Any]"
    shape: tuple[int, ...]


class KeptMosaics:
    """Mosaics and their masks, by the order in which they came; their file goes with them."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  (it lives as long as this)
        self._kept: list[tuple[Decoded, _Array, _Array | None]] = []
        self._end = 0

    def add(self, mosaic: Decoded) -> int:
        """Keeps the next one; returns its place."""
        pixels = self._add(mosaic.pixels)
        mask = None if mosaic.mask is None else self._add(mosaic.mask)
        nothing = np.empty(_NOTHING, mosaic.pixels.dtype)
        self._kept.append((replace(mosaic, pixels=nothing, mask=None), pixels, mask))
        return len(self._kept) - 1

    def __len__(self) -> int:
        """How many there are."""
        return len(self._kept)

    def __getitem__(self, place: int) -> Decoded:
        """Reads one of them."""
        kept, pixels, mask = self._kept[place]
        read = None if mask is None else self._read(mask)
        return replace(kept, pixels=self._read(pixels), mask=read)

    def _add(self, array: Array) -> _Array:
        start = self._end
        self._file.seek(start)
        np.ascontiguousarray(array).tofile(self._file)
        self._end += array.nbytes
        return _Array(start, array.dtype, array.shape)

    def _read(self, array: _Array) -> Array:
        self._file.flush()
        self._file.seek(array.start)
        count = int(np.prod(array.shape))
        return np.fromfile(self._file, array.dtype, count).reshape(array.shape)

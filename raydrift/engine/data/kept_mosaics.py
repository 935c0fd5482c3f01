"""The mosaics of a shard, which drift more than once, in a file: a few of them fill a memory."""

from collections.abc import Iterator
from dataclasses import replace
from tempfile import TemporaryFile

import numpy as np

from raydrift.images.decoded import Decoded


class KeptMosaics:
    """Mosaics in the order in which they came; their file goes with them."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  (it lives as long as this)
        self._kept: list[tuple[Decoded, int, tuple[int, ...]]] = []

    def add(self, mosaic: Decoded) -> None:
        """Keeps the next one, uint16 (height, width)."""
        place = self._file.tell()
        np.ascontiguousarray(mosaic.pixels).tofile(self._file)
        nothing = replace(mosaic, pixels=np.empty((0, 0), mosaic.pixels.dtype))
        self._kept.append((nothing, place, mosaic.pixels.shape))

    def __iter__(self) -> Iterator[Decoded]:
        """Reads them one by one."""
        self._file.flush()
        for kept, place, shape in self._kept:
            self._file.seek(place)
            count = int(np.prod(shape))
            pixels = np.fromfile(self._file, kept.pixels.dtype, count).reshape(shape)
            yield replace(kept, pixels=pixels)

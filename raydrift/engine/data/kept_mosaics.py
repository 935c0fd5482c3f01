"""The mosaics of a shard that are used later, in a file: a few of them fill a memory."""

from dataclasses import replace
from tempfile import TemporaryFile

import numpy as np

from raydrift.images.decoded import Decoded


class KeptMosaics:
    """Mosaics by the order in which they came; their file goes with them."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  (it lives as long as this)
        self._kept: list[tuple[Decoded, int, tuple[int, ...]]] = []
        self._end = 0

    def add(self, mosaic: Decoded) -> int:
        """Keeps the next one, uint16 (height, width); returns its place."""
        self._file.seek(self._end)
        np.ascontiguousarray(mosaic.pixels).tofile(self._file)
        nothing = replace(mosaic, pixels=np.empty((0, 0), mosaic.pixels.dtype))
        self._kept.append((nothing, self._end, mosaic.pixels.shape))
        self._end += mosaic.pixels.nbytes
        return len(self._kept) - 1

    def __len__(self) -> int:
        """How many there are."""
        return len(self._kept)

    def __getitem__(self, place: int) -> Decoded:
        """Reads one of them."""
        kept, start, shape = self._kept[place]
        self._file.flush()
        self._file.seek(start)
        pixels = np.fromfile(self._file, kept.pixels.dtype, int(np.prod(shape))).reshape(shape)
        return replace(kept, pixels=pixels)

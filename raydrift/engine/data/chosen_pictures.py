"""The kept pictures that a training reads: those of some samples, shard by shard."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.kept_pictures import kept_pixels
from raydrift.images.pixels import RGB
from raydrift.storage.shards import open_shard

Chosen = npt.NDArray[np.bool_]
"""Which samples are meant."""

Held = tuple[RGB, npt.NDArray[Any]]
"""Pictures, uint8 (n, height, width, 3), and what is right of them: labels, or masks."""


@dataclass(frozen=True)
class ChosenPictures:
    """Reads kept pictures.

    Attributes:
        fits: Says where their shards are, and the label of each.
        size: Height and width of the pictures.
        masks: The column of the masks of each column of pictures; empty: labels are what is right.
    """

    fits: FitJob
    size: tuple[int, int]
    masks: Mapping[str, str] = field(default_factory=dict)

    def held(self, code: str, chosen: Chosen) -> Held:
        """The chosen pictures of a column, in a file that goes with them.

        Args:
            code: The column, as a view.
            chosen: bool, one a sample.

        Raises:
            ShardError: A shard is gone or damaged.
        """
        height, width = self.size
        shape = (int(chosen.sum()), height, width)
        with TemporaryFile() as file:
            pixels: RGB = np.memmap(file, np.uint8, "w+", shape=(*shape, 3))
        masks = np.empty(shape, np.uint8) if self.masks else None
        done = 0
        for table, own in self.shards([code], chosen):
            found = kept_pixels(table, code, height, width, 3)[own]
            pixels[done : done + len(found)] = found
            if masks is not None:
                right = kept_pixels(table, self.masks[code], height, width)[own]
                masks[done : done + len(found)] = right
            done += len(found)
        return pixels, self.fits.labels[chosen] if masks is None else masks

    def parts(self, codes: Sequence[str], chosen: Chosen) -> Iterator[tuple[str, Held]]:
        """The chosen pictures of some columns, part by part: of one, pixels are in memory.

        Yields:
            The column, and some of its pictures, in order.

        Raises:
            ShardError: A shard is gone or damaged.
        """
        height, width = self.size
        labels, first = self.fits.labels[chosen], 0
        for table, own in self.shards(codes, chosen):
            count = int(own.sum())
            for code in codes:
                right: npt.NDArray[Any] = labels[first : first + count]
                if self.masks:
                    right = kept_pixels(table, self.masks[code], height, width)[own]
                yield code, (kept_pixels(table, code, height, width, 3)[own], right)
            first += count

    def shards(self, codes: Sequence[str], chosen: Chosen) -> Iterator[tuple[pa.Table, Chosen]]:
        """The columns of the shards that have chosen samples, and which of theirs are."""
        first = 0
        names = dict.fromkeys([*codes, *(self.masks[one] for one in codes if self.masks)])
        for shard in self.fits.shards:
            own = chosen[first : first + shard.written]
            first += shard.written
            if own.any():
                yield open_shard(self.fits.embeddings, shard).read(columns=list(names)), own

"""The kept pictures that a training reads: those of some samples, shard by shard."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.engine.data.fit_work import FitJob
from raydrift.engine.data.kept_pictures import kept_pixels
from raydrift.images.pixels import Array
from raydrift.storage.shards import open_shard

SAMPLE_IDS: Final = "sample_ids"
"""The column of the samples of a shard, one row of all."""

_OF_SAMPLES: Final = {
    SAMPLE_IDS: "sample_id",
    "paths": "source_path",
    "class_names": "class_name",
    "labels": "label",
}

Chosen = npt.NDArray[np.bool_]
"""Which samples are meant."""

Held = tuple[Array, npt.NDArray[Any]]
"""Pictures, uint8 (n, height, width, 3), and what is right of them: labels, or masks.

Of raw files they are mosaics, float32 of shape (n, height, width).
"""


@dataclass(frozen=True)
class ChosenPictures:
    """Reads kept pictures.

    Attributes:
        fits: Says where their shards are, and the label of each.
        size: Height and width of the pictures.
        masks: The column of the masks of each column of pictures; empty: labels are what is right.
        mosaics: Whether they are mosaics.
    """

    fits: FitJob
    size: tuple[int, int]
    masks: Mapping[str, str] = field(default_factory=dict)
    mosaics: bool = False

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
        dtype, of_one = (np.float32, self.size) if self.mosaics else (np.uint8, (*self.size, 3))
        with TemporaryFile() as file:
            pixels: Array = np.memmap(file, dtype, "w+", shape=(shape[0], *of_one))
        masks = np.empty(shape, np.uint8) if self.masks else None
        done = 0
        for table, own in self.shards([code], chosen):
            found = kept_pixels(table, code, *of_one, dtype=dtype)[own]
            pixels[done : done + len(found)] = found
            if masks is not None:
                right = kept_pixels(table, self.masks[code], height, width)[own]
                masks[done : done + len(found)] = right
            done += len(found)
        return pixels, self.fits.labels[chosen] if masks is None else masks

    def samples(self, chosen: Chosen) -> pa.Table:
        """The chosen samples: ``sample_id``, ``source_path``, ``class_name`` and ``label``.

        Raises:
            ShardError: A shard is gone or damaged.
        """
        parts = []
        for table, own in self.shards(list(_OF_SAMPLES), chosen):
            columns = {name: table[kept][0].values for kept, name in _OF_SAMPLES.items()}
            parts.append(pa.table(columns).filter(pa.array(own)))
        return pa.concat_tables(parts)

    def parts(self, codes: Sequence[str], chosen: Chosen) -> "Iterator[Part]":
        """The shards that have chosen samples, with some columns of pictures.

        Raises:
            ShardError: A shard is gone or damaged.
        """
        labels, first = self.fits.labels[chosen], 0
        for table, own in self.shards([*codes, SAMPLE_IDS], chosen):
            count = int(own.sum())
            yield Part(self, table, own, labels[first : first + count])
            first += count

    def shards(self, codes: Sequence[str], chosen: Chosen) -> Iterator[tuple[pa.Table, Chosen]]:
        """The columns of the shards that have chosen samples, and which of theirs are."""
        first = 0
        masks = (self.masks[one] for one in codes if one in self.masks)
        names = dict.fromkeys([*codes, *masks])
        for shard in self.fits.shards:
            own = chosen[first : first + shard.written]
            first += shard.written
            if own.any():
                yield open_shard(self.fits.embeddings, shard).read(columns=list(names)), own


@dataclass(frozen=True, eq=False)
class Part:
    """The chosen samples of a shard; pictures are copied when they are asked for.

    Attributes:
        pictures: All of them.
        table: The shard's columns.
        own: Which of its samples are chosen.
        labels: Of those.
    """

    pictures: ChosenPictures
    table: pa.Table
    own: Chosen
    labels: npt.NDArray[Any]

    @property
    def sample_ids(self) -> list[int]:
        """Of the chosen samples."""
        ids: list[int] = np.array(self.table[SAMPLE_IDS][0].as_py())[self.own].tolist()
        return ids

    def held(self, code: str) -> Held:
        """The pictures of a column, and what is right of them."""
        height, width = self.pictures.size
        right = self.labels
        if self.pictures.masks:
            right = kept_pixels(self.table, self.pictures.masks[code], height, width)[self.own]
        return kept_pixels(self.table, code, height, width, 3)[self.own], right

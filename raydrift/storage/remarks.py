"""Remarks on images that were used: how many images each is true of, and some of them by name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

EXAMPLES: Final = 3


@dataclass(frozen=True)
class Remark:
    """A remark and the images that it is true of.

    Attributes:
        text: What the decoder said of each of them.
        images: How many they are.
        examples: The paths of the first few.
    """

    text: str
    images: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        """As in ``12 images came out black: set image.value_range (first: boat/1.tif)``."""
        noun = "image" if self.images == 1 else "images"
        return f"{self.images:,} {noun} {self.text} (first: {self.examples[0]})"


class RemarkCount:
    """Adds up remarks, of the images of a shard or of the shards of a run."""

    def __init__(self) -> None:
        self._images: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, remarks: Iterable[Remark]) -> None:
        """Takes remarks that were counted already; they follow on those before."""
        for remark in remarks:
            self._images[remark.text] = self._images.get(remark.text, 0) + remark.images
            examples = self._examples.setdefault(remark.text, [])
            examples += remark.examples[: EXAMPLES - len(examples)]

    def add_images(self, paths: pa.ChunkedArray, remarks: pa.ChunkedArray) -> None:
        """Takes some images: their paths, and a list of phrases for each."""
        said = pc.greater(pc.list_value_length(remarks), 0)
        pairs = zip(paths.filter(said).to_pylist(), remarks.filter(said).to_pylist(), strict=True)
        for path, phrases in pairs:
            self.add(Remark(phrase, 1, (path,)) for phrase in phrases)

    @property
    def listed(self) -> tuple[Remark, ...]:
        """The remarks in the order of their texts."""
        return tuple(
            Remark(text, images, tuple(self._examples[text]))
            for text, images in sorted(self._images.items())
        )

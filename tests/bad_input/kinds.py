"""What may lie in a user's folder, and what becomes of it: one row a kind.

A kind has a name, a path in the input folder, what is put there, and what is expected of it:
pixels, an error, or that the catalog passes it over. Most usable ones show the same picture of four
colours.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from raydrift.images.codec import RGB

SIZE = 16
"""Height and width of the picture, and of what the run makes of every image."""

COLOURS = np.array([[(200, 40, 40), (40, 200, 40)], [(40, 40, 200), (220, 220, 60)]], np.uint8)
PICTURE: RGB = COLOURS.repeat(SIZE // 2, 0).repeat(SIZE // 2, 1)
GREYS = np.array(Image.fromarray(PICTURE).convert("L"))
GREY_PICTURE: RGB = GREYS[:, :, None].repeat(3, 2)
LOSSY = 6
"""Grey levels that the worst of the lossy files here is off."""


@dataclass(frozen=True)
class Usable:
    """It becomes a sample.

    Attributes:
        pixels: What it shows: a picture, or one colour.
        tolerance: Grey levels that it may be off, for files that are lossy.
    """

    pixels: RGB | tuple[int, int, int] = (200, 40, 40)
    tolerance: int = 0


@dataclass(frozen=True)
class Rejected:
    """It becomes a row of ``rejected.parquet``.

    Attributes:
        stage: ``read`` or ``decode``.
        error: A pattern that the whole error matches.
    """

    stage: str
    error: str


@dataclass(frozen=True)
class PassedOver:
    """The catalog does not list it.

    Attributes:
        reason: Under which ``run.json`` counts it; empty: under none.
    """

    reason: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        name: In plain words.
        path: Where it lies in the input folder, the class first.
        content: The file's bytes, or what puts something at a path.
        becomes: What is expected.
        late: What happens to it after the catalog is made and before it is read.
    """

    name: str
    path: str
    content: bytes | Callable[[Path], object]
    becomes: Usable | Rejected | PassedOver
    late: Callable[[Path], object] | None = None

    def put(self, folder: Path) -> None:
        """Puts it into the input folder."""
        path = folder / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(self.content, bytes):
            path.write_bytes(self.content)
        else:
            self.content(path)


def picture(mode: str = "RGB") -> Image.Image:
    """The picture in another mode."""
    return Image.fromarray(PICTURE).convert(mode)


def plain(colour: object, mode: str = "RGB", size: tuple[int, int] = (SIZE, SIZE)) -> Image.Image:
    """An image of one colour."""
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


def link(target: str) -> Callable[[Path], object]:
    """Puts a symbolic link there."""
    return lambda path: path.symlink_to(target)


def pipe(path: Path) -> None:
    """Puts a pipe there, which nobody writes to."""
    os.mkfifo(path)

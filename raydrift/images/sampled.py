"""An image as its file has it, before it is drawn in 8 bits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class SampledImage:
    """An image's samples, and what its file says of them.

    Attributes:
        samples: An array of shape (height, width, bands): the colours, and alpha where there is
            one.
        kind: The type of each sample, as ``uint16``, ``int16`` or ``float32``; packed ones by their
            bits, ``uint12``.
        colours: ``grey``, ``rgb``, ``palette``, ``cmyk``, ``cielab`` or ``icclab``.
        spans_bits: Whether the colours span what their bits do, whatever the settings say.
        inverted: Whether 0 is white.
        alpha: Whether the last band is alpha.
        premultiplied: Whether the colours are multiplied by alpha.
        palette: uint8 of shape (colours, 3).
        missing: The value that stands for "nothing was measured here".
        orientation: As in EXIF, 1 to 8.
        profile: Its ICC profile.
    """

    samples: npt.NDArray[Any]
    kind: str
    colours: str
    spans_bits: bool = False
    inverted: bool = False
    alpha: bool = False
    premultiplied: bool = False
    palette: npt.NDArray[np.uint8] | None = None
    missing: float | None = None
    orientation: int = 1
    profile: bytes | None = None

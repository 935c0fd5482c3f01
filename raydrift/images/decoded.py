"""What decoding an image file gives: its pixels, and what whoever uses them should know."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raydrift.images.value_range import Values

RGB = npt.NDArray[np.uint8]
"""Pixels of shape (height, width, 3), red first, 0 to 255."""


@dataclass(frozen=True)
class Decoded:
    """A decoded image.

    Attributes:
        pixels: uint8 of shape (height, width, 3).
        remarks: Plain phrases without the file's name, as ``came out black: set
            image.value_range``. A run counts the images of each phrase and tells it at its end,
            so a phrase is the same for every image that it is true of.
        values: What its samples span, where those have more than 8 bits, a sign or a point.
        profile: The name of the colour profile that was applied; None: none was.
    """

    pixels: RGB
    remarks: tuple[str, ...] = ()
    values: Values | None = None
    profile: str | None = None

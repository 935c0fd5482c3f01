"""What reading a raw file gives: the mosaic that one sees, and what is known of the camera."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.limits import check_memory, check_pixels
from raydrift.images.pixels import ColourSpace
from raydrift.settings.image import ImageSettings

SMALLEST: Final = 2
"""Rows and columns: what is smaller lacks a colour."""

_BYTES: Final = 11
"""Of a pixel, measured: the mosaic as it was read and as floats, then the picture."""

_DARK: Final = 0.001
"""Of the way from black to white: a mean below it is no picture's."""

Mosaic = npt.NDArray[np.uint16]


def check_size(height: int, width: int, content: int, settings: ImageSettings) -> None:
    """Holds a mosaic against the limits before it is decoded.

    Args:
        height: Rows, with those that are not shown.
        width: Columns.
        content: Bytes of the file.
        settings: The limits.

    Raises:
        ImageError: It is too small, or larger than the settings allow.
    """
    _check_smallest(height, width)
    check_pixels(height * width, settings)
    check_memory(content + _BYTES * height * width, settings)


def _check_smallest(height: int, width: int) -> None:
    if min(height, width) < SMALLEST:
        least = f"{SMALLEST} x {SMALLEST}"
        raise ImageError(
            "decode", f"the mosaic has {height} x {width} pixels: at least {least} are needed"
        )


def decoded_mosaic(mosaic: Mosaic, facts: dict[str, Any]) -> Decoded:
    """A mosaic with its facts, and remarks on it.

    Args:
        mosaic: uint16, (height, width).
        facts: ``black`` (four, by place) and ``white`` as the numbers of the file have them,
            ``cfa``, and what else is known, plain values.

    Raises:
        ImageError: Black is not below white, or the mosaic is too small.
    """
    black, white = facts["black"], facts["white"]
    _check_smallest(*mosaic.shape)
    if not max(black) < white:
        raise ImageError(
            "decode",
            f"its black level, {max(black):g}, is not below white, {white:g}: set raw.black and "
            "raw.white",
        )
    dark = sum(black) / len(black)
    share = (float(mosaic.mean()) - dark) / (white - dark)
    remarks: tuple[str, ...] = ()
    if not _DARK <= share <= 1:
        remarks = (
            f"have a mean far outside black {dark:g} to white {white:g}: set raw.black, raw.white "
            "and raw.bits",
        )
    return Decoded(mosaic, space=ColourSpace.MOSAIC, facts=facts, remarks=remarks)

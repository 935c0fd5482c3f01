"""A reader of one more format: 16-bit mosaics, which are not resized but cut."""

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.limits import check_memory, check_pixels
from raydrift.images.pixels import ColourSpace
from raydrift.images.readers import Reader
from raydrift.settings import ImageSettings

START: Final = b"MOSAIC16"
HEADER: Final = struct.Struct("<8sIIHH")  # start, height, width, black, white


def written(mosaic: npt.NDArray[np.uint16], black: int = 64, white: int = 4095) -> bytes:
    """A file of this format."""
    return HEADER.pack(START, *mosaic.shape, black, white) + mosaic.tobytes()


def is_mosaic(data: bytes) -> bool:
    """Whether a file starts as one."""
    return data.startswith(START)


def read_mosaic(data: bytes, settings: ImageSettings) -> Decoded:
    """The upper left part, of the wanted size; bright pixels are the mask."""
    if len(data) < HEADER.size:
        raise ImageError("decode", "the file is cut off")
    _, height, width, black, white = HEADER.unpack_from(data)
    check_pixels(height * width, settings)
    check_memory(len(data) + 2 * height * width, settings)
    if not height * width or len(data) < HEADER.size + 2 * height * width:
        raise ImageError("decode", "the file is cut off")
    values = np.frombuffer(data, "<u2", height * width, HEADER.size).reshape(height, width)
    part = values[: settings.height, : settings.width].astype(np.uint16)
    facts: dict[str, Any] = {"black": black, "white": white, "pattern": ["RG", "GB"]}
    return Decoded(
        part,
        space=ColourSpace.MOSAIC,
        mask=part > white // 2,
        points=np.array([[0.5, 1.5]]),
        facts=facts,
        remarks=("came from a sensor",),
    )


MOSAIC: Final = Reader("mosaic", is_mosaic, read_mosaic)

"""Twins of images: other images of the same, at the same size."""

from dataclasses import replace
from typing import Final

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import Twin, told

STAGE: Final = "twin"
"""The stage at which an image is rejected for its twin."""


def with_twin(image: Decoded, twin: Decoded, name: str, crc: int) -> Decoded:
    """An image with its twin.

    Args:
        image: At the size of the run.
        twin: Decoded as the image was: at the same size.
        name: Its path, or its name in what it was read from.
        crc: CRC-32 of its file.

    Raises:
        ImageError: Its pixels are of another kind.
    """
    if twin.kind != image.kind or twin.pixels.shape != image.pixels.shape:
        raise ImageError(STAGE, f"it is {told(twin.pixels)}, the image {told(image.pixels)}")
    return replace(image, twin=Twin(twin.pixels, name, crc))

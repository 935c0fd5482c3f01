"""How large the mosaic of a raw file is, without decoding it."""

import json
import struct
import sys
from io import BytesIO
from typing import IO, Final

import numpy as np
from PIL import Image

from raydrift.errors import ImageError
from raydrift.images import tiff
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, answer_parent
from raydrift.images.pixels import ColourSpace
from raydrift.images.png import PNG_START
from raydrift.images.quiet import quiet
from raydrift.images.reasons import reason_of
from raydrift.settings.image import ImageSettings

Size = tuple[int, int]
"""Rows and columns."""

HEADER: Final = 2**16
"""Bytes of a file's start that ``header_size`` looks at."""

_PNG_HEADER: Final = 24


def header_size(start: bytes) -> Size | None:
    """The size of a PNG or PGM, as its header tells it.

    Args:
        start: The file's first bytes, ``HEADER`` of them if there are so many.

    Returns:
        None: It is a TIFF, see ``tiff_size``.

    Raises:
        ImageError: It is no such file.
    """
    if tiff.is_tiff(start):
        return None
    if start.startswith(PNG_START) and start[12:16] == b"IHDR" and len(start) >= _PNG_HEADER:
        width, height = struct.unpack_from(">II", start, 16)
        return height, width
    try:
        with quiet(), Image.open(BytesIO(start), formats=("PPM",)) as image:
            return image.height, image.width
    except Exception as error:  # decoders raise nearly anything
        raise ImageError("decode", reason_of(error)) from None


def tiff_size(file: IO[bytes]) -> Size:
    """The size of a TIFF, as its tags tell it.

    Args:
        file: To be read and sought in; little of it is read.

    Raises:
        ImageError: Its tags cannot be read.
    """
    with tiff.opened(file) as page:
        if page is None:
            raise ImageError("decode", "its tags cannot be read")
        return int(page.imagelength), int(page.imagewidth)


class CameraFileSizes(IsolatedDecoder):
    """Tells the sizes of camera files, in a process of its own, as all that LibRaw does."""

    module = __name__

    def size(self, data: bytes, settings: ImageSettings) -> Size:
        """The size of the visible area.

        Raises:
            ImageError: LibRaw knows no such file.
        """
        facts = self(data, settings).facts
        return facts["height"], facts["width"]


def _sized(data: bytes, _: ImageSettings) -> Decoded:
    """A mosaic without pixels, whose facts tell its size."""
    import rawpy

    with rawpy.RawPy() as file:
        try:
            file.open_buffer(BytesIO(data))
        except rawpy.LibRawError as error:
            raise ImageError("decode", reason_of(error)) from None
        facts = {"height": file.sizes.height, "width": file.sizes.width}
    return Decoded(np.empty((0, 0), np.uint16), space=ColourSpace.MOSAIC, facts=facts)


if __name__ == "__main__":
    answer_parent(ImageSettings(**json.loads(sys.argv[1])), _sized, silent=True)

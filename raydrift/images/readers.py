"""Which reader an image file is given to: all of them, in the order in which they are asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from raydrift.images.decoded import Decoded
from raydrift.images.jpeg_reader import is_jpeg, read_jpeg
from raydrift.images.pillow_reader import read_by_pillow
from raydrift.images.refused import is_camera_raw, is_heic, refuse_camera_raw, refuse_heic
from raydrift.images.tiff import is_tiff
from raydrift.images.tiff_reader import read_tiff
from raydrift.settings.image import ImageSettings


@dataclass(frozen=True)
class Reader:
    """What reads one format.

    Attributes:
        name: The name of the format.
        recognises: Whether a file is of this format, by its first bytes.
        read: Decodes a file; None: it is for the readers that follow to judge. Before it decodes,
            it holds the file against the settings' limits (``limits.check_pixels`` and
            ``limits.check_memory``), and refuses one that is cut off; whatever is wrong with the
            file, it raises ``ImageError``.
    """

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, ImageSettings], Decoded | None]


def _any(_: bytes) -> bool:
    return True


READERS: Final = (
    Reader("JPEG", is_jpeg, read_jpeg),
    Reader("TIFF", is_tiff, read_tiff),
    Reader("camera raw", is_camera_raw, refuse_camera_raw),
    Reader("Pillow's formats", _any, read_by_pillow),
    Reader("HEIC", is_heic, refuse_heic),
)
"""A JPEG that libjpeg complains of, and a TIFF that Pillow reads as well, go on to Pillow.

HEIC comes after it: some AVIF files start alike.
"""

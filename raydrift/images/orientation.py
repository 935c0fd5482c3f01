"""Which way up an image is: what EXIF and XMP say of it, and turning the pixels upright.

EXIF goes first. XMP counts where EXIF does not say it.
"""

import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import numpy as np
from PIL import Image

from raydrift.images.pixels import Array
from raydrift.settings.image import ImageSettings

_TAG: Final = 0x0112
_SIDEWAYS: Final = (5, 6, 7, 8)

_NAMESPACE: Final = re.compile(rb"xmlns:([\w.-]+)\s*=\s*[\"']http://ns\.adobe\.com/tiff/1\.0/[\"']")
# tiff:Orientation="6" of an rdf:Description, or <tiff:Orientation>6</tiff:Orientation> inside it.
_VALUE: Final = rb"[\s<]%s:Orientation(?:\s*=\s*[\"']|(?:\s[^<>]*)?>)\s*([1-8])\s*[\"'<]"


def orientation(exif: Callable[[], Image.Exif] | None, xmp: Iterable[bytes] = ()) -> int:
    """An image's orientation as EXIF numbers it, 1 to 8; 1 where nothing says it.

    Args:
        exif: Reads the EXIF, and may fail; None: there is none.
        xmp: The image's XMP packets.
    """
    value = None
    if exif is not None:
        # Broken EXIF says nothing of the pixels.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = exif().get(_TAG)
    if value is None:
        value = next(filter(None, map(_in_xmp, xmp)), 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def exif_of(block: bytes) -> Image.Exif:
    """Reads an EXIF block."""
    exif = Image.Exif()
    exif.load(block)
    return exif


def _in_xmp(packet: bytes) -> int | None:
    """The orientation that an XMP packet gives, as an attribute or as an element."""
    if b"Orientation" not in packet:
        if packet[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            return None
        packet = packet.decode("utf-16", "ignore").encode()
    prefixes = [found[1] for found in _NAMESPACE.finditer(packet)] or [b"tiff"]
    for prefix in prefixes:
        if found := re.search(_VALUE % re.escape(prefix), packet):
            return int(found[1])
    return None


def lying(settings: ImageSettings, orientation: int) -> tuple[int, int]:
    """Height and width that are wanted, before the image is turned upright."""
    if orientation in _SIDEWAYS:
        return settings.width, settings.height
    return settings.height, settings.width


def upright_size(height: int, width: int, orientation: int) -> tuple[int, int]:
    """Rows and columns of an image when it is turned upright."""
    return (width, height) if orientation in _SIDEWAYS else (height, width)


def upright(image: Array, orientation: int) -> Array:
    """Undoes an EXIF orientation, 1 to 8: transposed first, then flipped.

    Args:
        image: Of shape (height, width) or (height, width, channels).
        orientation: As EXIF numbers it.
    """
    if orientation in _SIDEWAYS:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)

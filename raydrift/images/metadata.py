"""What a file says of its pixels: which way up they are, and in which colours."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from PIL import Image

from raydrift.images.jpeg_segments import JpegHeader
from raydrift.images.orientation import exif_of, orientation
from raydrift.images.png import PngParts

_COLOUR_BOX: Final = b"colr"
_WITH_PROFILE: Final = (2, 3)  # methods of that box


@dataclass(frozen=True)
class Metadata:
    """What a file says of its pixels.

    Attributes:
        orientation: As EXIF numbers it, 1 to 8.
        profile: The colour profile; None: there is none.
    """

    orientation: int = 1
    profile: bytes | None = None


def of_jpeg(header: JpegHeader) -> Metadata:
    """What a JPEG's header says."""
    exif = partial(exif_of, header.exif) if header.exif else None
    return Metadata(orientation(exif, header.xmp), header.profile or None)


def of_png(parts: PngParts) -> Metadata:
    """What a PNG's chunks say."""
    exif = partial(exif_of, parts.exif) if parts.exif else None
    return Metadata(orientation(exif, (parts.xmp,)), parts.profile)


def of_image(image: Image.Image, data: bytes) -> Metadata:
    """What any other file says; Pillow has read all of it."""
    profile = image.info.get("icc_profile")
    if image.format == "JPEG2000":
        profile = _in_colour_box(data)
    xmp = image.info.get("xmp")
    packets = (xmp,) if isinstance(xmp, bytes) else ()
    known = profile if isinstance(profile, bytes) else None
    return Metadata(orientation(image.getexif, packets), known or None)


def _in_colour_box(data: bytes) -> bytes | None:
    """The profile of a JPEG 2000 file, at which Pillow does not look."""
    place = data.find(_COLOUR_BOX, 0, 2**16)
    if place < 4 or data[place + 4] not in _WITH_PROFILE:
        return None
    size = int.from_bytes(data[place - 4 : place])
    return data[place + 7 : place - 4 + size]

"""Files that are refused by name: raw files of cameras that are no TIFF, and HEIC.

A raw file holds a mosaic, which is not decoded here, and often a small JPEG beside it, which is not
the picture.
"""

import re
from typing import Final, NoReturn

from raydrift.errors import ImageError
from raydrift.settings.image import ImageSettings

_STARTS: Final = {
    "Fujifilm RAF": re.compile(rb"FUJIFILMCCD-RAW"),
    "Canon CR3": re.compile(rb"....ftypcrx ", re.DOTALL),
    "Canon CRW": re.compile(rb"(II|MM)....HEAPCCDR", re.DOTALL),
    "Sigma X3F": re.compile(rb"FOVb"),
    "Minolta MRW": re.compile(rb"\0MR[IM]"),
    "Contax RAW": re.compile(rb"ARECOYK"),
    "RED R3D": re.compile(rb"....RED[12]", re.DOTALL),
    "Phantom CINE": re.compile(rb"CI.\0[\0-\2]\0", re.DOTALL),
    "Rollei RAW": re.compile(rb"DSC-Image"),
    "Nokia RAW": re.compile(rb"NOKIARAW"),
}
_HEIC_START: Final = re.compile(rb"....ftyp(hei[cmsx]|hev[cx]|mif1|msf1)", re.DOTALL)


def is_camera_raw(data: bytes) -> bool:
    """Whether a file starts as the raw file of a camera."""
    return _camera(data) is not None


def refuse_camera_raw(data: bytes, _: ImageSettings) -> NoReturn:
    """Raises ImageError, with the kind of raw file."""
    raise camera_raw(_camera(data))


class CameraRawError(ImageError):
    """The file is a camera's raw file, where photographs are wanted."""


def camera_raw(name: str | None) -> CameraRawError:
    """What is said of a camera's raw file of some kind."""
    return CameraRawError(
        "decode",
        f"a camera's raw file ({name}): read it with --raw, or develop it to JPEG or TIFF first",
    )


def is_heic(data: bytes) -> bool:
    """Whether a file starts as HEIC; some AVIF files do so too."""
    return _HEIC_START.match(data) is not None


def refuse_heic(_: bytes, __: ImageSettings) -> NoReturn:
    """Raises ImageError."""
    raise ImageError("decode", "HEIC images cannot be decoded here: convert them to JPEG")


def _camera(data: bytes) -> str | None:
    return next((name for name, start in _STARTS.items() if start.match(data)), None)

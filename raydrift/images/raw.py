"""Camera raw files that are no TIFF, by their first bytes.

They hold a mosaic, which is not decoded here, and often a small JPEG beside it, which is not the
picture.
"""

import re
from typing import Final

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


def camera_raw(data: bytes) -> str | None:
    """The kind of raw file that some bytes are; None: none of these."""
    return next((name for name, start in _STARTS.items() if start.match(data)), None)

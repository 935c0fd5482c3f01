"""Colour profiles: whether one makes a difference, and the pixels in sRGB.

A profile is applied to the pixels at their final size. One that says sRGB, or nearly so, changes
nothing and is passed over; one that cannot be read, or is of another kind than the pixels, leaves
the pixels as they are.
"""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from raydrift.images.decoded import RGB, Decoded
from raydrift.settings.image import ImageSettings

NOT_APPLIED: Final = (
    'came with a colour profile that was not applied: set image.profile = "convert"'
)
UNREADABLE: Final = "came with a colour profile that cannot be applied: the pixels are as stored"

_MODES: Final = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK", b"Lab ": "LAB"}
_SPACE: Final = slice(16, 20)  # of a profile's header: the colours that it is for
_NEARLY: Final = 3  # grey levels; the profiles that are called sRGB differ by less
_STEPS: Final = (0, 51, 102, 153, 204, 255)
_LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class _Profile:
    """A profile that was read.

    Attributes:
        mode: The mode of the images that it is for, as Pillow names it; empty: it cannot be read.
        name: Its own description.
        to_srgb: Converts such images.
        changes: Whether that makes a difference.
    """

    mode: str = ""
    name: str = ""
    to_srgb: Any = None
    changes: bool = True


def managed(
    pixels: npt.NDArray[np.uint8],
    profile: bytes | None,
    settings: ImageSettings,
    inks: bool = False,
) -> Decoded:
    """Gives pixels their right colours, or says that they may not have them.

    Args:
        pixels: uint8, RGB of shape (h, w, 3), or CMYK of shape (h, w, 4) if ``converts`` says so.
        profile: The image's; None: it has none.
        settings: Whether profiles are applied.
        inks: Whether the file stores CMYK.
    """
    if profile is None:
        return Decoded(pixels)
    known = _read(profile)
    if not known.changes:
        return Decoded(pixels)
    mode = "CMYK" if inks else "RGB"
    if known.mode == "L" and _is_grey(pixels):
        mode = "L"
    if mode != known.mode:
        return Decoded(pixels, (UNREADABLE,))
    if settings.profile == "ignore":
        return Decoded(pixels, (NOT_APPLIED,))
    if mode == "L":
        pixels = np.ascontiguousarray(pixels[:, :, 0])
    image = Image.fromarray(pixels, mode)
    converted: RGB = np.asarray(ImageCms.applyTransform(image, known.to_srgb))
    return Decoded(converted, profile=known.name)


def converts(profile: bytes | None, settings: ImageSettings) -> bool:
    """Whether pixels in CMYK are to be converted by their profile, instead of by a formula."""
    return settings.profile == "convert" and profile is not None and _read(profile).mode == "CMYK"


def _is_grey(pixels: RGB) -> bool:
    return bool((pixels == pixels[:, :, :1]).all())


@lru_cache(maxsize=16)
def _read(profile: bytes) -> _Profile:
    mode = _MODES.get(profile[_SPACE], "")
    if not mode:
        return _Profile()
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(profile))
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
        probe = _probe(mode)
        seen = np.asarray(ImageCms.applyTransform(probe, transform)).astype(int)
        name = str(opened.profile.profile_description or "")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _Profile()
    changes = mode == "CMYK" or np.abs(seen - np.asarray(probe.convert("RGB"))).max() > _NEARLY
    name = "".join(sign for sign in name if sign.isprintable()).strip()
    return _Profile(mode, name[:_LONGEST_NAME] or "without a name", transform, bool(changes))


def _probe(mode: str) -> Image.Image:
    """A few colours from everywhere."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    channels = len(Image.new(mode, (1, 1)).getbands())
    colours = np.array(list(product(_STEPS, repeat=channels)), np.uint8)
    return Image.fromarray(colours[None], mode)

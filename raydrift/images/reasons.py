"""What decoders say of a file that they cannot read, in a line for the one who has it."""

import re
import struct
from textwrap import shorten
from typing import Final

from PIL import UnidentifiedImageError

_LONGEST: Final = 200

# Where the code stumbled over a value: that says nothing of the file.
_STUMBLED: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError,
    UnicodeError, UnidentifiedImageError, struct.error,
)  # fmt: skip
_STUMBLED_SAYING: Final = re.compile(
    r"invalid literal for|could not convert|to unpack|negative seek|object at 0x|decoder error -?\d"
)


def reason_of(error: Exception) -> str:
    """Why a file cannot be decoded, by what its decoder raised.

    >>> reason_of(OSError("image file is truncated"))
    'cannot be decoded: image file is truncated'
    >>> reason_of(AssertionError())
    'cannot be decoded: what it says of itself contradicts its format'
    """
    said = " ".join(str(error).split())
    if not said or isinstance(error, _STUMBLED) or _STUMBLED_SAYING.search(said):
        said = "what it says of itself contradicts its format"
    return f"cannot be decoded: {shortened(said)}"


def shortened(words: str) -> str:
    """Words that a file may make very long, as they go into a line."""
    return shorten(words, _LONGEST, placeholder=" …")

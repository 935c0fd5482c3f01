"""Output that never fails, whatever a terminal's or a pipe's encoding can write."""

import codecs
import sys
from io import TextIOWrapper
from typing import Final

_ERRORS: Final = "raydrift.plain"
_PLAIN: Final = {
    "–": "-", "—": "-", "−": "-", "·": "-", "…": "...", "×": "x", "±": "+-", "→": "->", "‖": "||",
    "√": "sqrt", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip


def write_any_sign() -> None:
    """Lets standard output and error write signs that their encoding does not have.

    Python's own standard output raises an error: ``PYTHONIOENCODING=ascii``, code page 1252 of a
    pipe on Windows, or a file name that is not UTF-8 are enough.
    """
    codecs.register_error(_ERRORS, in_plain_signs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    """What is written instead: a similar sign for typography, Python's escapes for letters.

    >>> codecs.register_error("plain", in_plain_signs)
    >>> "3 – 5 × 2".encode("ascii", "plain")
    b'3 - 5 x 2'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = (_PLAIN.get(sign) or ascii(sign)[1:-1] for sign in signs)
    return "".join(plain), error.end

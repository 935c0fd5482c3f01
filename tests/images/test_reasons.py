"""What a decoder raises becomes a line that tells whoever has the file something."""

import struct
from io import BytesIO

import pytest
from PIL import UnidentifiedImageError

from raydrift.images.reasons import reason_of


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("image file is\n  truncated"), "image file is truncated"),
        (ValueError("empty image"), "empty image"),
        (SyntaxError("broken PNG file"), "broken PNG file"),
    ],
)
def test_a_decoders_own_words_are_kept_in_one_line(error: Exception, reason: str) -> None:
    assert reason_of(error) == f"cannot be decoded: {reason}"


@pytest.mark.parametrize(
    "error",
    [
        AssertionError(),
        OSError(),
        OSError("decoder error -2"),
        TypeError("'>' not supported between instances of 'int' and 'tuple'"),
        ZeroDivisionError("division by zero"),
        KeyError(259),
        struct.error("unpack requires a buffer of 4 bytes"),
        ValueError("invalid literal for int() with base 10: b'x'"),
        UnidentifiedImageError(f"cannot identify image file {BytesIO()!r}"),
    ],
    ids=repr,
)
def test_what_the_code_stumbled_over_is_left_out(error: Exception) -> None:
    assert reason_of(error) == "cannot be decoded: what it says of itself contradicts its format"


def test_what_a_file_makes_long_is_cut() -> None:
    assert len(reason_of(ValueError("8, " * 1000))) < 250

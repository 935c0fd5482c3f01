"""CRC-32s of pieces, put together to the one of the whole."""

from typing import Final

# Polynomials over GF(2) with the highest power in the lowest bit, as in zip files.
_ZIP: Final = 0xEDB88320
_ONE: Final = 1 << 31
_X: Final = 1 << 30


def combine(first: int, second: int, second_size: int) -> int:
    """The CRC-32 of two pieces in a row.

    Args:
        first: The CRC-32 of the first piece.
        second: The CRC-32 of the second.
        second_size: Bytes of the second.

    >>> from zlib import crc32
    >>> combine(crc32(b"rain "), crc32(b"drift"), 5) == crc32(b"rain drift")
    True
    """
    shift, square, bits = _ONE, _X, 8 * second_size
    while bits:
        if bits & 1:
            shift = _product(shift, square)
        square = _product(square, square)
        bits >>= 1
    return _product(shift, first) ^ second


def _product(left: int, right: int) -> int:
    """The product of two polynomials, modulo the zip's."""
    total = 0
    while left:
        if left & _ONE:
            total ^= right
        left = left << 1 & 0xFFFFFFFF
        right = right >> 1 ^ (_ZIP if right & 1 else 0)
    return total

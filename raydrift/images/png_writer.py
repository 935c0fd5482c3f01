"""Pixels to PNG, lossless and fast."""

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from raydrift.images.png import PNG_START

_FILTER_UP: Final = 2
_BESIDES: Final = 1024  # bytes for chunks, and what noise grows by
_COLOURS: Final = {1: 0, 3: 2, 4: 6}
"""How a PNG numbers grey, RGB and RGBA, by their channels."""


def encode_png(pixels: npt.NDArray[Any]) -> bytes:
    """Encodes pixels as PNG: their values as they are, whatever those mean.

    Every row is stored as its difference to the one above, then deflated by ISA-L at level 1. The
    same pixels give the same bytes in every process.

    Args:
        pixels: uint8 or uint16, of shape (height, width) or (height, width, channels), with 1, 3
            or 4 channels.

    Raises:
        TypeError: They are of another dtype or shape.
    """
    bits = 8 * pixels.dtype.itemsize
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    known = pixels.dtype.kind == "u" and bits in (8, 16) and channels in _COLOURS
    if not known or pixels.ndim not in (2, 3) or not pixels.size:
        raise TypeError(
            f"a PNG cannot have {pixels.dtype} pixels of shape {pixels.shape}: give uint8 or "
            "uint16 of shape (height, width) or (height, width, 1, 3 or 4)"
        )
    height, width = pixels.shape[:2]
    if bits == 16:
        pixels = pixels.astype(">u2", order="C").view(np.uint8)
    row_bytes = width * channels * bits // 8
    rows = pixels.reshape(height, row_bytes)
    filtered = np.empty((height, row_bytes + 1), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, bits, _COLOURS[channels], 0, 0, 0)
    body = _deflated(filtered.reshape(-1))
    return b"".join(
        (PNG_START, *_chunk(b"IHDR", header), *_chunk(b"IDAT", body), *_chunk(b"IEND", b""))
    )


def most_png_bytes(pixels: npt.NDArray[Any]) -> int:
    """The most bytes that ``encode_png`` makes of pixels of such a dtype and shape."""
    filtered = pixels.nbytes + len(pixels)  # each row has a filter byte
    return filtered + filtered // 64 + _BESIDES


def _deflated(filtered: npt.NDArray[np.uint8]) -> bytes:
    """Deflates rows; the first byte is a block of its own.

    ISA-L hashes the third byte of a stream with what a register holds, an address in memory. So the
    output of one call differs from process to process. After a flush it does not.
    """
    stream = isal_zlib.compressobj(1)
    first, rest = filtered[:1], filtered[1:]
    return b"".join(
        (
            stream.compress(first),
            stream.flush(isal_zlib.Z_SYNC_FLUSH),
            stream.compress(rest),
            stream.flush(),
        )
    )


def _chunk(tag: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(tag))
    return struct.pack(">I", len(data)), tag, data, struct.pack(">I", checksum)

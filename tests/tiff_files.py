"""TIFF files written by hand, with the tags that a test is about."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

_SHORT, _LONG, _TEXT = 3, 4, 2
_CODES = {_SHORT: "H", _LONG: "I"}
_FORMATS = {"u": 1, "i": 2, "f": 3, "c": 6}


def picture(size: int = 64) -> npt.NDArray[np.uint8]:
    """RGB of (size, size, 3): a ramp to the right, one downwards, and a chessboard."""
    y, x = np.mgrid[0:size, 0:size]
    board = (x // 8 + y // 8) % 2 * 180 + 40
    return np.stack([x * 255 // (size - 1), y * 255 // (size - 1), board], 2).astype(np.uint8)


def grey_picture(size: int = 64) -> npt.NDArray[np.uint8]:
    """The same in grey."""
    return np.asarray(Image.fromarray(picture(size)).convert("L"))


def tiff_of(
    samples: npt.NDArray[Any],
    photometric: int,
    *,
    planar: bool = False,
    tags: Mapping[int, Sequence[int] | str] | None = None,
    bits: int | None = None,
) -> bytes:
    """An uncompressed little-endian TIFF.

    Args:
        samples: Of shape (height, width) or (height, width, bands).
        photometric: Its tag: 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 8 Lab.
        planar: Whether each band has a strip of its own.
        tags: Others, as 338 of extra samples; these go before.
        bits: Of a sample, where the rows of samples are packed bits already.
    """
    pixels = samples if samples.ndim == 3 else samples[:, :, None]
    height, width, bands = pixels.shape
    strips = [pixels[:, :, band] for band in range(bands)] if planar else [pixels]
    if bits is not None:
        width = width * 8 // bits
    told: dict[int, Sequence[int] | str] = {
        256: [width], 257: [height], 258: [bits or pixels.itemsize * 8] * bands, 259: [1],
        262: [photometric], 273: [0] * len(strips), 277: [bands], 278: [height],
        279: [strip.nbytes for strip in strips], 284: [2 if planar else 1],
        339: [_FORMATS[pixels.dtype.kind]] * bands,
    }  # fmt: skip
    told |= tags or {}
    start = 8 + 2 + 12 * len(told) + 4
    long = {273, 279, 256, 257, 278}
    sizes = {tag: len(_packed(tag in long, values)) for tag, values in told.items()}
    place = start + sum(size + size % 2 for size in sizes.values() if size > 4)
    offsets = []
    for strip in strips:
        offsets.append(place)
        place += strip.nbytes
    told[273] = offsets
    entries, later = b"", b""
    for tag, values in sorted(told.items()):
        packed = _packed(tag in long, values)
        kind = _TEXT if isinstance(values, str) else _LONG if tag in long else _SHORT
        count = len(packed) if kind == _TEXT else len(values)
        if len(packed) > 4:
            where = struct.pack("<I", start + len(later))
            later += packed + bytes(len(packed) % 2)
        else:
            where = packed.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + where
    body = b"".join(np.ascontiguousarray(strip).tobytes() for strip in strips)
    directory = struct.pack("<H", len(told)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + directory + later + body


def _packed(long: bool, values: Sequence[int] | str) -> bytes:
    if isinstance(values, str):
        return values.encode() + b"\0"
    return struct.pack(f"<{len(values)}{_CODES[_LONG if long else _SHORT]}", *values)

"""Raw files in memory, and those that tests find beside the checkout."""

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from tifffile import TiffFile, imwrite

FILES = Path(__file__).parents[2] / "shared" / "raw" / "files"
CFAS = ("RGGB", "BGGR", "GRBG", "GBRG")
BLACK = (100, 101, 102, 103)
WHITE = 4000
GAINS = (2.0, 1.0, 1.5)
XYZ_TO_CAMERA = (0.9020, -0.2890, -0.0715, -0.4535, 1.2436, 0.2348, -0.0934, 0.1919, 0.7086)
PRESET = {"gains": "drone", "matrix": "drone"}


def raw_file(name: str) -> bytes:
    """A file of those that are shared."""
    path = FILES / name
    if not path.is_file():
        pytest.skip(f"no raw file at {path}")
    return path.read_bytes()


def noise(height: int, width: int, most: int = WHITE) -> np.ndarray:
    """A mosaic of random numbers, uint16."""
    return np.random.default_rng(7).integers(0, most, (height, width)).astype(np.uint16)


def dng(
    mosaic: np.ndarray,
    cfa: str = "RGGB",
    orientation: int = 1,
    black: tuple[int, ...] = BLACK,
    white: int = WHITE,
    packed: bytes | None = None,
) -> bytes:
    """A DNG; packed: what stands in its one strip, as lossless JPEG."""
    tags: list[tuple[Any, ...]] = [
        (50706, "B", 4, bytes([1, 4, 0, 0]), True),
        (50708, "s", 0, "Test 1", True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, bytes("RGB".index(one) for one in cfa), True),
        (50710, "B", 3, bytes([0, 1, 2]), True),
        (50713, "H", 2, (2, 2), True),
        (50714, "2I", 4, _rationals(black, 1), True),
        (50717, "H", 1, white, True),
        (50721, "2i", 9, _rationals(XYZ_TO_CAMERA), True),
        (50728, "2I", 3, _rationals([1 / gain for gain in GAINS]), True),
        (50778, "H", 1, 21, True),
        (274, "H", 1, orientation, True),
    ]
    file = BytesIO()
    how: dict[str, Any] = {"photometric": "cfa", "extratags": tags, "metadata": None}
    if packed is None:
        imwrite(file, mosaic, **how)
    else:
        shape = {"shape": mosaic.shape, "dtype": mosaic.dtype, "rowsperstrip": len(mosaic)}
        imwrite(file, iter([packed]), compression=7, **shape, **how)
    return file.getvalue()


def linear_dng() -> bytes:
    """A DNG of finished colours."""
    file = BytesIO()
    version = [(50706, "B", 4, bytes([1, 4, 0, 0]), True), (50708, "s", 0, "Test 1", True)]
    colours = np.stack([noise(30, 40)] * 3, axis=2)
    imwrite(file, colours, photometric=34892, extratags=version, metadata=None)
    return file.getvalue()


def lossless(mosaic: np.ndarray) -> bytes:
    """A mosaic as lossless JPEG."""
    return bytes(imagecodecs.ljpeg_encode(mosaic, bitspersample=16))


def with_tag(data: bytes, code: int, value: int, kind: str = "<H") -> bytes:
    """A TIFF in which a tag has another value."""
    changed = bytearray(data)
    with TiffFile(BytesIO(data)) as file:
        tag = file.pages[0].tags[code]
        struct.pack_into(kind, changed, tag.valueoffset, value)
    return bytes(changed)


def hollow(height: int = 200, width: int = 300) -> bytes:
    """A DNG that says lossless JPEG, and has none."""
    return with_tag(dng(noise(height, width)), 259, 7)


def _rationals(numbers: Any, below: int = 10_000) -> list[int]:
    return [part for one in numbers for part in (round(one * below), below)]

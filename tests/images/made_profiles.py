"""Small ICC profiles, written by hand."""

import struct
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_D50: Final = np.array([0.9642, 1, 0.8249])
_D65: Final = (0.3127, 0.3290)
_BRADFORD: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)

ADOBE: Final = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3: Final = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
PRO: Final = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))


def rgb_profile(name: str, primaries: tuple[tuple[float, float], ...], gamma: float) -> bytes:
    """A matrix profile of these primaries and the white of D65."""
    columns = np.array([_xyz_of(*xy) for xy in primaries]).T
    white = _xyz_of(*_D65)
    matrix = columns * np.linalg.solve(columns, white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / (_BRADFORD @ white))
    matrix = adapted @ _BRADFORD @ matrix
    tags = {b"wtpt": _xyz(_D50)}
    tags |= {name: _xyz(matrix[:, k]) for k, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= {name: _curve(gamma) for name in (b"rTRC", b"gTRC", b"bTRC")}
    return _profile(name, b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(name: str, gamma: float) -> bytes:
    """A profile of grey."""
    tags = {b"wtpt": _xyz(_D50), b"kTRC": _curve(gamma)}
    return _profile(name, b"mntr", b"GRAY", b"XYZ ", tags)


def ink_profile(name: str) -> bytes:
    """A profile of CMYK whose inks are duller than those of Pillow's formula."""
    table = b""
    for cyan, magenta, yellow, black in product((0, 1), repeat=4):
        light = (1 - 0.5 * cyan) * (1 - 0.5 * magenta) * (1 - 0.1 * yellow) * (1 - 0.85 * black)
        a, b = -35 * cyan + 70 * magenta, -45 * cyan + 85 * yellow
        colour = (255 * light, 128 + a * (1 - black), 128 + b * (1 - black))
        table += bytes(int(np.clip(value, 0, 255)) for value in colour)
    straight = bytes(range(256))
    unity = struct.pack(">9i", *(round(65536 * value) for value in np.eye(3).ravel()))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + unity + straight * 4 + table + straight * 3
    return _profile(name, b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(_D50), b"A2B0": lut})


def _profile(
    name: str, kind: bytes, space: bytes, between: bytes, tags: dict[bytes, bytes]
) -> bytes:
    text = name.encode() + b"\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    tags = {b"desc": described, b"cprt": b"text\0\0\0\0none\0"} | tags
    table, data, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += tag + struct.pack(">II", start + len(data), len(value))
        data += padded
    size = 128 + len(table) + len(data)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, kind, space, between)
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + data


def _xyz_of(x: float, y: float) -> Matrix:
    return np.array([x / y, 1, (1 - x - y) / y])


def _xyz(values: Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(float(v) * 65536)) for v in values)


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"

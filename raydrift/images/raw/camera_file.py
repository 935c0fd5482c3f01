"""Raw files of cameras, by LibRaw: only ever in a process of their own (``decoder``)."""

from io import BytesIO
from typing import Any, Final

import numpy as np

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.raw.mosaic import check_size, decoded_mosaic
from raydrift.images.raw.parts import check_parts
from raydrift.images.reasons import shortened
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import CFAS, RawSettings

_EXIF: Final = {0: 1, 1: 2, 3: 3, 2: 4, 4: 5, 6: 6, 7: 7, 5: 8}
"""EXIF's orientation, by LibRaw's bits: 4 rows are columns, 2 upside down, 1 mirrored."""

_MOST_PACKED: Final = 64
"""Pixels a byte: lossless JPEG has at most 8, what lossy formats make of black has some more."""

_BAYER: Final = 2


def read_camera_file(data: bytes, settings: ImageSettings, raw: RawSettings) -> Decoded:
    """Reads the mosaic of a camera's raw file.

    Args:
        data: The file's content.
        settings: The limits.
        raw: Levels that go before those of the file, and the pattern that is taken.

    Returns:
        uint16 mosaic, the visible area as it is stored, not turned. Its facts: ``black`` by place,
        ``black_by_colour`` (in LibRaw's order), ``white``, ``full`` (65,535), ``cfa``,
        ``white_balance`` and ``daylight`` (three gains, None where there are none),
        ``xyz_to_camera`` and ``camera_to_srgb`` (three rows, None where there are none),
        ``orientation`` (as EXIF), and ``make`` and ``model`` where they are known.

    Raises:
        ImageError: It is no raw file that LibRaw knows, not whole, too large, or has no Bayer
            mosaic; which one is named.
    """
    named = check_parts(data)
    import rawpy

    with rawpy.RawPy() as file:
        try:
            file.open_buffer(BytesIO(data))
            sizes = file.sizes
            height, width = sizes.raw_height, sizes.raw_width
            check_size(height, width, len(data), settings)
            if height * width > _MOST_PACKED * len(data):
                raise ImageError(
                    "decode", f"{len(data)} bytes cannot hold {height} x {width} pixels"
                )
            file.unpack()
            cfa, indices = _pattern(file)
            facts = _facts(file, raw, cfa, indices) | named
            mosaic = file.raw_image_visible.astype(np.uint16)  # a copy: it dies with the file
        except rawpy.LibRawError as error:
            raise _unread(error) from None
    if min(facts["black"]) > 0 and not mosaic[-1].any():  # no sensor is darker than black
        raise ImageError("decode", "a part of the mosaic is missing: its last row is zeros")
    if raw.cfa not in (None, cfa):
        raise ImageError(
            "decode", f"its colour filters are {cfa}, raw.cfa is {raw.cfa}: leave raw.cfa out"
        )
    return decoded_mosaic(mosaic, facts)


def _pattern(file: Any) -> tuple[str, list[int]]:
    """The pattern of the visible area, and the index of each place's colour.

    Raises:
        ImageError: It has no mosaic, or none of Bayer's.
    """
    if file.raw_type.name != "Flat" or file.raw_pattern is None or file.raw_image is None:
        raise ImageError(
            "decode", "it has no mosaic: its camera has stored finished colours (linear DNG, sRAW)"
        )
    pattern, colours = file.raw_pattern, file.color_desc.decode()
    if max(pattern.shape) > _BAYER:
        kind = "X-Trans" if pattern.shape == (6, 6) else f"{pattern.shape[0]} x {pattern.shape[1]}"
        raise ImageError("decode", f"its colour filters are {kind}: only Bayer's 2 x 2 are read")
    if file.num_colors != 3:
        raise ImageError("decode", f"its colour filters are {colours}: only R, G and B are read")
    top, left = file.sizes.top_margin, file.sizes.left_margin
    indices = [int(file.raw_color(top + row, left + column)) for row in (0, 1) for column in (0, 1)]
    cfa = "".join(colours[index] for index in indices)
    if cfa not in CFAS:
        raise ImageError(
            "decode", f"its colour filters are {cfa}: they are none of {', '.join(CFAS)}"
        )
    return cfa, indices


def _facts(file: Any, raw: RawSettings, cfa: str, indices: list[int]) -> dict[str, Any]:
    levels = [float(level) for level in file.black_level_per_channel]
    by_place = [levels[index] for index in indices]
    return {
        "cfa": cfa,
        "black": by_place if raw.black is None else list(raw.black),
        "black_by_colour": levels if raw.black is None else list(raw.black),
        "white": float(file.white_level) if raw.white is None else raw.white,
        "full": 65_535.0,
        "white_balance": _gains(file.camera_whitebalance),
        "daylight": _gains(file.daylight_whitebalance),
        "xyz_to_camera": _matrix(file.rgb_xyz_matrix[:3, :3]),
        "camera_to_srgb": _matrix(file.color_matrix[:3, :3]),
        "orientation": _EXIF.get(file.sizes.flip, 1),
    }


def _gains(stored: Any) -> list[float] | None:
    """Gains of which the smallest is 1; None: not all of them are above 0."""
    gains = [float(gain) for gain in stored[:3]]
    if not all(0 < gain < np.inf for gain in gains):
        return None
    return [gain / min(gains) for gain in gains]


def _matrix(stored: Any) -> list[list[float]] | None:
    """Three rows; None: there is none, or none that colours can be made with."""
    matrix = np.asarray(stored, np.float64)
    if not np.isfinite(matrix).all() or (matrix == 0).all(axis=1).any():
        return None
    found: list[list[float]] = matrix.tolist()
    return found


def _unread(error: Exception) -> ImageError:
    (said, *_) = error.args or (b"",)
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return ImageError("decode", f"LibRaw cannot read it: {shortened(words.lower() or 'no reason')}")

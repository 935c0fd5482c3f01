"""Tiles of mosaics: where they lie, and how one is cut out."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.settings.raw import RawSettings


def tile_places(height: int, width: int, size: int) -> npt.NDArray[np.int32]:
    """Where the whole tiles of a mosaic lie.

    Args:
        height: Rows of the mosaic.
        width: Its columns.
        size: Rows and columns of a tile, an even number.

    Returns:
        Of shape (tiles, 2): row and column of each tile's first pixel, line by line.

    >>> tile_places(5, 6, 2).tolist()
    [[0, 0], [0, 2], [0, 4], [2, 0], [2, 2], [2, 4]]
    """
    rows, columns = (np.arange(side // size, dtype=np.int32) * size for side in (height, width))
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def tile_of(mosaic: Decoded, row: int | None, column: int | None, raw: RawSettings) -> Decoded:
    """Cuts a tile out of a mosaic; its facts are those of the whole, its mask is cut alike.

    Args:
        mosaic: uint16 (height, width).
        row: Of the tile's first pixel; None: not known, since the file could not be read when the
            input was listed.
        column: Likewise.
        raw: How large tiles are, and perhaps every mosaic.

    Returns:
        A copy, uint16 (raw.tile, raw.tile).

    Raises:
        ImageError: The mosaic has no such tile, or is not as large as ``raw.shape`` says.
    """
    height, width = mosaic.pixels.shape
    if raw.shape not in (None, (height, width)):
        raise ImageError(
            "decode", f"it has {height} x {width} pixels, not {raw.shape[0]} x {raw.shape[1]} as "
            "raw.shape says"
        )  # fmt: skip
    if row is None or column is None:
        raise ImageError("decode", "its size could not be read when the input was listed")
    pixels = mosaic.pixels[row : row + raw.tile, column : column + raw.tile]
    if pixels.shape != (raw.tile, raw.tile):
        raise ImageError(
            "decode",
            f"it has {height} x {width} pixels, and no tile at row {row}, column {column}: it is "
            "not as it was when the input was listed",
        )
    mask = mosaic.mask
    if mask is not None:
        mask = mask[row : row + raw.tile, column : column + raw.tile].copy()
    return replace(mosaic, pixels=pixels.copy(), mask=mask)

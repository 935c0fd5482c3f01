"""Warps an image by a matrix: what scipy's ``affine_transform`` gives, many times as fast."""

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.augment.coordinates import (
    clamped,
    inside,
    reach,
    reflected,
    source_coordinates,
    wrapped,
)
from raydrift.augment.geometry import Matrix

Image = npt.NDArray[Any]

FILL_MODES: Final = (
    "nearest", "reflect", "constant", "wrap", "mirror", "grid-mirror", "grid-wrap", "grid-constant",
)  # fmt: skip
"""What lies around an image, by scipy's names."""

_BORDERS: Final = {
    "nearest": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "grid-mirror": cv2.BORDER_REFLECT,
    "mirror": cv2.BORDER_REFLECT_101,
    "grid-wrap": cv2.BORDER_WRAP,
    "grid-constant": cv2.BORDER_CONSTANT,
}
_FROM_OUTSIDE: Final = {"wrap": wrapped, "reflect": reflected, "grid-mirror": reflected}
_EXACT: Final = ("uint8", "uint16", "float32")
_LONGEST: Final = 2**15 - 1
_FAR: Final = 512  # a float32 coordinate beyond moves noise by more than 0.012 levels
_REMAPPED: Final = 1024
_TILES: Final = (32, 256)
_SAME_BITS: Final = {1: np.uint8, 2: np.uint16, 4: np.int32, 8: np.float64}


def warp(
    x: Image, matrix: Matrix, order: int = 1, fill_mode: str = "nearest", cval: float = 0.0
) -> Image:
    """Warps an image.

    Orders 0 and 1 are computed by OpenCV where it is exact, which it is for uint8, uint16 and
    float32; the rest is scipy's. Order 1 differs from scipy by less than 0.02 of 255 levels.

    Args:
        x: Of shape (height, width, channels).
        matrix: From (row, column, 1) in the result to (row, column, 1) in ``x``.
        order: Of the spline: 0 takes the nearest pixel, 1 is linear, 3 is cubic; at most 5.
        fill_mode: One of ``FILL_MODES``.
        cval: The level of what is outside, for the constant modes.

    Returns:
        An image of the same shape and dtype.

    Raises:
        RuntimeError: There is no such order or fill mode.
    """
    if fill_mode not in FILL_MODES:
        raise RuntimeError(f"fill_mode is {fill_mode!r}: choose from: {', '.join(FILL_MODES)}")
    if order not in range(6):
        raise RuntimeError(f"interpolation_order is {order!r}: give a whole number from 0 to 5")
    if not x.size:
        return x.copy()
    if x.dtype == np.float16 and order:  # which neither library knows
        return warp(x.astype(np.float32), matrix, order, fill_mode, cval).astype(x.dtype)
    height, width = x.shape[:2]
    ends = reach(matrix, height, width)
    within = all(low > 0 and high < n - 1 for (low, high), n in zip(ends, x.shape, strict=False))
    if within and fill_mode in ("constant", "wrap"):
        fill_mode = "nearest"
    small = max(height, width) <= _LONGEST
    if order == 0 and small and (fill_mode in _FROM_OUTSIDE or _BORDERS[fill_mode] == 1):
        return _nearest(x, matrix, fill_mode, cval)
    if order == 1 and small and x.dtype.name in _EXACT:
        if fill_mode == "wrap" and max(height, width) <= _REMAPPED:
            return _wrapped(x, matrix)
        far = max(max(-low, high) for low, high in ends)
        tile = _tile_size(matrix) if far > _FAR else None
        if fill_mode != "wrap" and tile != 0:
            return _linear(x, matrix, fill_mode, cval, tile)
    return _spline(x, matrix, order, fill_mode, cval)


def _tile_size(matrix: Matrix) -> int:
    """How large a tile is that comes from near enough; 0: it would be too small."""
    least, most = _TILES
    size = int(_FAR / max(np.abs(matrix[:2, :2]).sum(axis=1).max(), 1))
    return min(size, most) if size >= least else 0


def _wrapped(x: Image, matrix: Matrix) -> Image:
    height, width = x.shape[:2]
    rows, columns = source_coordinates(matrix, height, width, wrapped, np.float32)
    return _by_planes(
        x,
        lambda part: cv2.remap(
            part, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
    )


def _linear(x: Image, matrix: Matrix, fill_mode: str, cval: float, tile: int | None) -> Image:
    height, width = x.shape[:2]
    border, level = _BORDERS[fill_mode], _level(cval, x.dtype)
    if tile:
        out = _by_planes(x, lambda part: _tiled(part, matrix, border, level, tile))
    else:
        out = _by_planes(x, lambda part: _warped(part, matrix, (height, width), border, level))
    if fill_mode == "constant":
        # Scipy does not blend with what is outside, as OpenCV's constant border does.
        _fill(out, ~inside(matrix, height, width), level)
    return out


def _warped(part: Image, matrix: Matrix, size: tuple[int, int], border: int, level: float) -> Image:
    found: Image = cv2.warpAffine(
        part,
        matrix[[1, 0]][:, [1, 0, 2]],  # OpenCV's is over x and y
        size[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
        borderValue=(level,) * 4,
    )
    return found


def _tiled(part: Image, matrix: Matrix, border: int, level: float, size: int) -> Image:
    """Warps tile by tile, each from the piece of the image that it comes from.

    OpenCV's coordinates are float32, too coarse for what is far from the first pixel.
    """
    out = np.empty_like(part)
    for top in range(0, part.shape[0], size):
        for left in range(0, part.shape[1], size):
            tile = out[top : top + size, left : left + size]
            height, width = tile.shape[:2]
            moved = matrix.copy()
            moved[:2, 2] += matrix[:2, :2] @ (top, left)
            ends = np.array(reach(moved, height, width))
            first, last = np.floor(ends[:, 0]) - 1, np.ceil(ends[:, 1]) + 1
            if border == cv2.BORDER_REPLICATE:
                edge = np.array(part.shape[:2]) - 1
                first, last = np.clip(first, 0, edge), np.clip(last, 0, edge)
            moved[:2, 2] -= first
            piece = _piece(part, first.astype(int), last.astype(int), border, level)
            tile[...] = _warped(piece, moved, (height, width), border, level).reshape(tile.shape)
    return out


def _piece(part: Image, first: Image, last: Image, border: int, level: float) -> Image:
    """The pixels from one place to another, of which some may lie outside."""
    size = part.shape[:2]
    if (first >= 0).all() and (last < size).all():
        return part[first[0] : last[0] + 1, first[1] : last[1] + 1]
    rows, columns = (
        np.array([cv2.borderInterpolate(place, n, border) for place in range(low, high + 1)])
        for low, high, n in zip(first.tolist(), last.tolist(), size, strict=True)
    )
    piece: Image = part.take(rows, axis=0).take(columns, axis=1)
    piece[rows < 0] = level  # where the border is a constant
    piece[:, columns < 0] = level
    return piece


def _nearest(x: Image, matrix: Matrix, fill_mode: str, cval: float) -> Image:
    height, width = x.shape[:2]
    rule = _FROM_OUTSIDE.get(fill_mode, clamped)
    rows, columns = source_coordinates(matrix, height, width, rule, np.int16, plus=0.5)
    places = cv2.merge([columns, rows])
    bits = x.view(_SAME_BITS[x.dtype.itemsize])
    out = _by_planes(
        bits,
        lambda part: cv2.remap(
            part, places, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
        ),
    ).view(x.dtype)
    if fill_mode == "constant":
        _fill(out, ~inside(matrix, height, width), _level(cval, x.dtype))
    return out


def _spline(x: Image, matrix: Matrix, order: int, fill_mode: str, cval: float) -> Image:
    from scipy import ndimage  # workers that do not need it do not load it

    planes = np.empty((x.shape[2], *x.shape[:2]), x.dtype)
    for plane, source in zip(planes, np.moveaxis(x, 2, 0), strict=True):
        ndimage.affine_transform(
            source, matrix[:2, :2], matrix[:2, 2], output=plane,
            order=order, mode=fill_mode, cval=cval,
        )  # fmt: skip
    return np.moveaxis(planes, 0, 2)


def _by_planes(x: Image, one: Callable[[Image], Image]) -> Image:
    """Warps 1, 3 or 4 channels at a time: OpenCV is exact for these numbers only."""
    channels = x.shape[2]
    if channels in (1, 3, 4):
        return one(np.ascontiguousarray(x)).reshape(x.shape)
    out = np.empty((channels, *x.shape[:2]), x.dtype)
    for number in range(channels):
        out[number] = one(np.ascontiguousarray(x[..., number]))
    return np.moveaxis(out, 0, 2)


def _fill(out: Image, where: npt.NDArray[np.bool_], level: float) -> None:
    """Sets pixels to a level, in place."""
    if min(out.shape[:2]) == 1:  # strides that OpenCV does not take
        out[where] = level
        return
    bits, chosen = out.view(_SAME_BITS[out.dtype.itemsize]), where.view(np.uint8)
    planes = [bits] if out.flags.c_contiguous else np.moveaxis(bits, 2, 0)
    filled = np.full(planes[0].shape, level, out.dtype).view(bits.dtype)
    for plane in planes:
        cv2.copyTo(filled, chosen, plane)


def _level(cval: float, dtype: np.dtype[Any]) -> float:
    """The level of what is outside, as a pixel of this type can have it."""
    if dtype.kind not in "iu":
        return float(cval)
    limits = np.iinfo(dtype)
    return int(min(max(np.rint(cval), limits.min), limits.max))

"""Keras' functions on single images, without its global random numbers.

They take what Keras' take, in its order, and two keywords more: ``compat``, whose behaviour it is,
and, where something is drawn, ``seed``: a whole number, for which the numbers are those that Keras
draws after ``numpy.random.seed``, a ``RandomState``, or None for other numbers at each call.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.affine import warp
from raydrift.augment.compat import FIXED, KP112, check_compat
from raydrift.augment.geometry import Matrix, centred, linear, placed
from raydrift.augment.photometric import brightness as _brightness
from raydrift.augment.photometric import channel_shift
from raydrift.flows.drawing import Seed, state_of
from raydrift.flows.loading import img_to_array, list_pictures, load_img, validate_filename
from raydrift.flows.saving import array_to_img, save_img

__all__ = [
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "flip_axis",
    "img_to_array",
    "list_pictures",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "transform_matrix_offset_center",
    "validate_filename",
]

Image = npt.NDArray[Any]


def random_rotation(
    x: Image,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
    *,
    compat: str = FIXED,
    seed: Seed = None,
) -> Image:
    """Turns an image by an angle from -rg to rg degrees.

    Args:
        x: The image, of 3 axes.
        rg: The greatest angle, in degrees.
        row_axis: Which axis is that of rows.
        col_axis: Which is that of columns.
        channel_axis: Which is that of channels.
        fill_mode: What lies around the image: ``nearest``, ``reflect``, ``constant``, ``wrap``.
        cval: The level of what is outside, for ``constant``.
        interpolation_order: Of the spline, 0 to 5.
        compat: Whose geometry it is.
        seed: Of the draw.

    Raises:
        ValueError: The axes are not three, or channels are neither the first nor the last.
    """
    theta = state_of(seed).uniform(-rg, rg)
    axes = (row_axis, col_axis, channel_axis)
    return _randomly({"theta": theta}, x, axes, fill_mode, cval, interpolation_order, compat)


def random_shift(
    x: Image,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
    *,
    compat: str = FIXED,
    seed: Seed = None,
) -> Image:
    """Shifts an image by up to ``wrg`` of its width and ``hrg`` of its height.

    The height's shift is drawn first. In ``fixed`` it moves rows. Other arguments and errors are as
    in ``random_rotation``.
    """
    rng = state_of(seed)
    height = rng.uniform(-hrg, hrg) * x.shape[row_axis]
    width = rng.uniform(-wrg, wrg) * x.shape[col_axis]
    tx, ty = (width, height) if compat == FIXED else (height, width)
    axes = (row_axis, col_axis, channel_axis)
    moved = {"tx": tx, "ty": ty}
    return _randomly(moved, x, axes, fill_mode, cval, interpolation_order, compat)


def random_shear(
    x: Image,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
    *,
    compat: str = FIXED,
    seed: Seed = None,
) -> Image:
    """Shears an image by an angle from -intensity to intensity degrees.

    Other arguments and errors are as in ``random_rotation``.
    """
    shear = state_of(seed).uniform(-intensity, intensity)
    axes = (row_axis, col_axis, channel_axis)
    return _randomly({"shear": shear}, x, axes, fill_mode, cval, interpolation_order, compat)


def random_zoom(
    x: Image,
    zoom_range: Sequence[float],
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
    *,
    compat: str = FIXED,
    seed: Seed = None,
) -> Image:
    """Zooms an image by two factors, one for each direction, of a range; above 1 is outwards.

    Other arguments are as in ``random_rotation``.

    Raises:
        ValueError: ``zoom_range`` is not two numbers; or as in ``random_rotation``.
    """
    if len(zoom_range) != 2:
        raise ValueError(
            f"`zoom_range` should be a tuple or list of two floats. Received: {zoom_range}"
        )
    low, high = zoom_range
    zx, zy = (1, 1) if low == high == 1 else state_of(seed).uniform(low, high, 2)
    axes = (row_axis, col_axis, channel_axis)
    zoomed = {"zx": zx, "zy": zy}
    return _randomly(zoomed, x, axes, fill_mode, cval, interpolation_order, compat)


def apply_channel_shift(
    x: Image,
    intensity: float,
    channel_axis: int = 0,  # noqa: ARG001 (the levels of all channels are shifted and clipped alike)
    *,
    compat: str = FIXED,
) -> Image:
    """Adds a number to all levels, within the image's own least and greatest level.

    Args:
        x: The image.
        intensity: What is added.
        channel_axis: Which axis is that of channels: it makes no difference.
        compat: ``fixed`` keeps the dtype; in the others, it is as numpy promotes it.
    """
    return channel_shift(np.asarray(x), intensity, check_compat(compat))


def random_channel_shift(
    x: Image,
    intensity_range: float,
    channel_axis: int = 0,
    *,
    compat: str = FIXED,
    seed: Seed = None,
) -> Image:
    """Adds a number from -intensity_range to intensity_range, as ``apply_channel_shift``."""
    intensity = state_of(seed).uniform(-intensity_range, intensity_range)
    return apply_channel_shift(x, intensity, channel_axis, compat=compat)


def apply_brightness_shift(
    x: Image, brightness: float, scale: bool | None = None, *, compat: str = FIXED
) -> Image:
    """Multiplies the levels of an image of shape (height, width, channels).

    Args:
        x: The image.
        brightness: The factor.
        scale: Whether the least and the greatest level become 0 and 255 first; None: as Keras does
            by default, except in ``fixed``, where they do not.
        compat: ``fixed`` multiplies and clips, and keeps the dtype. The others work on whole levels
            of 0 to 255 and return float32; in ``kp112``, levels are always spread first.

    Raises:
        ValueError: Other than 1, 3 or 4 channels, in ``keras3`` and ``kp112``.
    """
    stretch = compat != FIXED if scale is None or compat == KP112 else scale
    return _brightness(np.asarray(x), brightness, check_compat(compat), stretch=stretch)


def random_brightness(
    x: Image,
    brightness_range: Sequence[float],
    scale: bool | None = None,
    *,
    compat: str = FIXED,
    seed: Seed = None,
) -> Image:
    """Multiplies the levels by a factor of a range, as ``apply_brightness_shift``.

    Raises:
        ValueError: ``brightness_range`` is not two numbers; or as in ``apply_brightness_shift``.
    """
    if len(brightness_range) != 2:
        raise ValueError(
            f"`brightness_range should be tuple or list of two floats. Received: {brightness_range}"
        )
    factor = state_of(seed).uniform(brightness_range[0], brightness_range[1])
    return apply_brightness_shift(x, factor, scale, compat=compat)


def transform_matrix_offset_center(
    matrix: npt.ArrayLike, x: float, y: float, *, compat: str = FIXED
) -> Matrix:
    """Moves a 3 × 3 matrix about the origin to the centre of an image.

    Args:
        matrix: The matrix.
        x: The image's size along the first coordinate.
        y: Along the second.
        compat: In ``kp112`` the centre is a pixel off.
    """
    off = 0.5 if check_compat(compat) == KP112 else -0.5
    return centred(np.asarray(matrix, np.float64), float(x) / 2 + off, float(y) / 2 + off)


def apply_affine_transform(
    x: Image,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int | None = None,
    col_axis: int | None = None,
    channel_axis: int | None = None,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
    *,
    compat: str = FIXED,
) -> Image:
    """Turns, shifts, shears and zooms an image.

    Args:
        x: The image, of 3 axes.
        theta: The angle in degrees.
        tx: The shift along the first coordinate in pixels: the column's, in ``kp112`` the row's.
        ty: The shift along the other.
        shear: The angle in degrees.
        zx: The factor along the first coordinate; above 1 is outwards.
        zy: The factor along the other.
        row_axis: Which axis is that of rows; None: as in the library, 1, in ``kp112`` 0.
        col_axis: Which is that of columns; None: 2, in ``kp112`` 1.
        channel_axis: Which is that of channels; None: 0, in ``kp112`` 2.
        fill_mode: What lies around the image.
        cval: The level of what is outside, for ``constant``.
        order: Of the spline, 0 to 5.
        compat: Whose geometry it is.

    Returns:
        The image; ``x`` itself where nothing is to do.

    Raises:
        ValueError: The axes are not 0, 1 and 2, channels are in the middle, or ``x`` has other than
            3 axes; ``kp112`` does not look.

    >>> x = np.array([[[0], [1], [2]]])
    >>> apply_affine_transform(x, tx=1, row_axis=0, col_axis=1, channel_axis=2).ravel()
    array([1, 2, 2])
    """
    defaults = (0, 1, 2) if check_compat(compat) == KP112 else (1, 2, 0)
    given = (row_axis, col_axis, channel_axis)
    rows, columns, channels = (
        default if axis is None else axis for axis, default in zip(given, defaults, strict=True)
    )
    if compat != KP112:
        _check_axes(x, (rows, columns, channels))
    parameters = {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy}
    about = linear(parameters)
    if about is None:
        return x
    view = np.moveaxis(x, channels, -1)
    turned = compat != KP112 and columns < rows
    if turned:
        view = view.swapaxes(0, 1)
    found = placed(about, x.shape[rows], x.shape[columns], compat)
    out = warp(view, found, order, fill_mode, cval)
    return np.moveaxis(out.swapaxes(0, 1) if turned else out, -1, channels)


def flip_axis(x: npt.ArrayLike, axis: int) -> Image:
    """The image the other way round along an axis, as a view of it."""
    return np.flip(np.asarray(x), axis)


def _randomly(
    drawn: Mapping[str, Any],
    x: Image,
    axes: tuple[int, int, int],
    fill_mode: str,
    cval: float,
    order: int,
    compat: str,
) -> Image:
    """Applies what was drawn; keras-preprocessing passes on the axis of channels alone."""
    rows, columns, channels = axes
    if compat == KP112:
        rows, columns = 0, 1
    return apply_affine_transform(
        x,
        **drawn,
        row_axis=rows,
        col_axis=columns,
        channel_axis=channels,
        fill_mode=fill_mode,
        cval=cval,
        order=order,
        compat=compat,
    )


def _check_axes(x: Image, axes: tuple[int, int, int]) -> None:
    if len(set(axes)) != 3:
        raise ValueError("'row_axis', 'col_axis', and 'channel_axis' must be distinct")
    if set(axes) != {0, 1, 2}:
        raise ValueError(f"Invalid axis' indices: {set(axes) - {0, 1, 2}}")
    if x.ndim != 3:
        raise ValueError("Input arrays must be multi-channel 2D images.")
    if axes[2] == 1:
        raise ValueError("Channels are allowed and the first and last dimensions.")

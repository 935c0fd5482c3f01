"""What is done to the levels of an image, geometry aside: shift, brightness, contrast, noise.

Images are of shape (height, width, channels). A fourth channel is opacity, which brightness and
contrast leave alone.
"""

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.augment.compat import FIXED, KP112

Image = npt.NDArray[Any]
Span = tuple[float, float]

_LUMA: Final = (0.299, 0.587, 0.114)
_GREY_OR_COLOUR: Final = (1, 3, 4)


def possible_range(x: Image) -> Span:
    """The range that the levels of an image can be in, as far as the image shows it.

    It is that of a whole-number type. For floats it is 0 to 1, 255 or 65535, whichever holds all
    levels, with the same below 0 where a level is negative; else 0 to the greatest level.

    >>> possible_range(np.array([0.2, 0.9])), possible_range(np.array([-0.2, 12.0]))
    ((0.0, 1.0), (-255.0, 255.0))
    """
    if x.dtype.kind in "iu":
        limits = np.iinfo(x.dtype)
        return float(limits.min), float(limits.max)
    if x.dtype.kind == "b" or not x.size:
        return 0.0, 1.0
    low, high = float(x.min()), float(x.max())
    most = max(high, -low)
    most = next((limit for limit in (1.0, 255.0, 65535.0) if most <= limit), most)
    return (-most if low < 0 else 0.0), most


def channel_shift(x: Image, intensity: float, compat: str = FIXED, own: bool = False) -> Image:
    """Adds a number to all levels, within the image's own least and greatest level.

    Args:
        x: The image, of any shape.
        intensity: What is added.
        compat: In ``fixed``, whole-number types stay what they are, rounded; in the others, numpy's
            promotion says what becomes of them.
        own: The image is a temporary one, which may be overwritten.

    Returns:
        The image, shifted.
    """
    if not x.size:
        return x
    low, high = x.min(), x.max()
    if compat == FIXED and x.dtype.kind in "iu":
        if x.dtype == np.uint8:
            table = np.clip(np.rint(np.arange(256) + intensity), low, high).astype(np.uint8)
            return _looked_up(x, table)
        return np.clip(np.rint(x + intensity), low, high).astype(x.dtype)
    if compat == FIXED:
        intensity = float(intensity)
    shifted = np.add(x, intensity, out=x if own and _stays(x, intensity) else None)
    return np.clip(shifted, low, high, out=shifted)


def _stays(x: Image, number: Any) -> bool:
    return x.dtype.kind == "f" and x.flags.writeable and np.result_type(x, number) == x.dtype


def brightness(
    x: Image,
    factor: float,
    compat: str = FIXED,
    value_range: Span | None = None,
    stretch: bool | None = None,
) -> Image:
    """Multiplies the levels.

    ``fixed`` multiplies, clips to the range that levels can be in, and keeps the dtype; a factor of
    1 changes nothing. ``keras3`` cuts levels to whole ones of 8 bits first; an image that leaves
    0 to 255 is stretched to it and back. ``kp112`` stretches every image to 0 to 255. Both of these
    return float32.

    Args:
        x: The image.
        factor: 1 for no change, 0 for black.
        compat: Whose brightness it is.
        value_range: What levels can be; None: ``possible_range``. Only ``fixed`` asks.
        stretch: Whether the image's least and greatest level become 0 and 255 first; None: as the
            library does when it augments.

    Raises:
        ValueError: Other than 1, 3 or 4 channels, where Pillow's arithmetic is followed.
    """
    if compat == FIXED:
        if stretch:
            x, value_range = _stretched(x), (0.0, 255.0)
        return _scaled(x, factor, 0.0, value_range)
    low, high = x.min(), x.max()
    outside = bool(low < 0 or high > 255)
    stretches = stretch if stretch is not None else compat == KP112
    levels = _to_levels(x, stretch=stretches or outside)
    found = _blended(levels, 0, factor)
    if outside and not stretches:
        found = found / 255 * (high - low) + low
    return found


def contrast(
    x: Image, factor: float, compat: str = FIXED, value_range: Span | None = None
) -> Image:
    """Moves the levels away from the image's mean luma, or towards it.

    ``fixed`` does so within the range that levels can be in and keeps the dtype. The others follow
    mltk, which stretches the image to 0 to 255 first and cuts levels to whole ones: float32.

    Args:
        x: The image.
        factor: 1 for no change, 0 for the mean grey.
        compat: Whose contrast it is.
        value_range: What levels can be; None: ``possible_range``.

    Raises:
        ValueError: Other than 1, 3 or 4 channels, where Pillow's arithmetic is followed.
    """
    if compat == FIXED:
        return _scaled(x, factor, _mean_luma(x), value_range)
    levels = _to_levels(x, stretch=True)
    return _blended(levels, int(_pillow_luma(levels).mean() + 0.5), factor)


def _scaled(x: Image, factor: float, about: float, value_range: Span | None) -> Image:
    """About + factor · (x - about), clipped, of the same dtype."""
    low, high = value_range if value_range is not None else possible_range(x)
    shift = about * (1 - factor)
    if x.dtype == np.uint8:
        table = np.clip(np.rint(np.arange(256) * factor + shift), low, high).astype(np.uint8)
        out = _looked_up(x, table)
    else:
        kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
        scaled = np.multiply(x, float(factor), dtype=kind)
        if shift:
            scaled += shift
        np.clip(scaled, low, high, out=scaled)
        out = scaled if kind == x.dtype else np.rint(scaled).astype(x.dtype)
    if x.shape[-1] == 4:
        out[..., 3] = x[..., 3]
    return out


def _mean_luma(x: Image) -> float:
    if x.dtype.name in ("uint8", "float32") and x.shape[2] <= 4 and x.size:
        means = np.array(cv2.mean(np.ascontiguousarray(x))[: x.shape[2]])
    else:
        means = x.mean(axis=(0, 1), dtype=np.float64)
    return float(means[:3] @ _LUMA) if len(means) in (3, 4) else float(means.mean())


def _stretched(x: Image) -> npt.NDArray[np.float32]:
    """The least and the greatest level become 0 and 255; an image of one level becomes 0."""
    stretched = np.array(x, np.float32)
    stretched -= stretched.min()
    greatest = stretched.max()
    if greatest != 0:
        stretched /= greatest
    stretched *= 255
    return stretched


def _to_levels(x: Image, stretch: bool) -> npt.NDArray[np.uint8]:
    """Whole levels of 8 bits, as Keras makes an image of Pillow's: by cutting, not by rounding."""
    if x.shape[-1] not in _GREY_OR_COLOUR:
        raise ValueError(f"Unsupported channel number: {x.shape[-1]}")
    return (_stretched(x) if stretch else x).astype(np.uint8)


def _blended(levels: npt.NDArray[np.uint8], to: int, factor: float) -> npt.NDArray[np.float32]:
    """Pillow's blend with one grey level: float32, cut to whole levels."""
    away = np.arange(256, dtype=np.float32) - np.float32(to)
    table = np.trunc(np.clip(np.float32(to) + np.float32(factor) * away, 0, 255))
    out: npt.NDArray[np.float32] = _looked_up(levels, table)
    if levels.shape[-1] == 4:
        out[..., 3] = levels[..., 3]
    return out


def _pillow_luma(levels: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    if levels.shape[-1] == 1:
        return levels
    red, green, blue = (levels[..., channel].astype(np.uint32) for channel in range(3))
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16


def _looked_up(levels: npt.NDArray[np.uint8], table: Image) -> Image:
    """A table's level for each of 8 bits."""
    if not levels.size:
        return np.zeros(levels.shape, table.dtype)
    flat = np.ascontiguousarray(levels).reshape(levels.shape[0], -1)
    found: Image = cv2.LUT(flat, table)
    return found.reshape(levels.shape)

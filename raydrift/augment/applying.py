"""Applies drawn parameters to one image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.augment.affine import warp
from raydrift.augment.compat import FIXED
from raydrift.augment.geometry import matrix
from raydrift.augment.noise import add_noise
from raydrift.augment.photometric import Span, brightness, channel_shift, contrast, possible_range

Image = npt.NDArray[Any]

_PLAIN: Final = ("uint8", "float32")
_FEW: Final = 4


@dataclass(frozen=True)
class Look:
    """How parameters are applied.

    Attributes:
        compat: Whose behaviour it is.
        fill_mode: What lies around an image, by scipy's names.
        cval: The level of what is outside, for the constant modes.
        interpolation_order: Of the spline, 0 to 5.
        data_format: ``channels_last`` or ``channels_first``: the axes of an image.
        value_range: What levels can be, as (0, 255); None: as the image shows. Only ``fixed`` asks.
    """

    compat: str = FIXED
    fill_mode: str = "nearest"
    cval: float = 0.0
    interpolation_order: int = 1
    data_format: str = "channels_last"
    value_range: tuple[float, float] | None = None


def apply(x: Image, parameters: Mapping[str, Any], look: Look) -> Image:
    """Applies parameters in Keras' order.

    That is: geometry, channel shift, flips, brightness, contrast, noise.

    Args:
        x: One image, of 3 axes; it is not changed.
        parameters: As ``draw`` makes them; what is missing is neutral.
        look: How they are applied.

    Returns:
        The image; ``x`` itself where nothing is to do. Geometry and flips keep the dtype. In
        ``fixed``, all keep it; in the others, brightness and contrast return float32, and a shift
        and noise are as numpy promotes them.

    Raises:
        ValueError: ``x`` has another number of axes.

    >>> import numpy as np
    >>> x = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    >>> apply(x, {"flip_horizontal": True}, Look())[0, 0]
    array([3., 4., 5.], dtype=float32)
    """
    if x.ndim != 3:
        raise ValueError(f"Input arrays must be multi-channel 2D images. Got shape {x.shape}.")
    first = look.data_format == "channels_first"
    out = view = _interleaved(x) if first else x
    warped = matrix(parameters, view.shape[0], view.shape[1], look.compat)
    if warped is not None:
        out = warp(out, warped, look.interpolation_order, look.fill_mode, look.cval)
    out = _levels_before_flips(out, parameters, look, own=out is not view)
    out = flip(
        out,
        bool(parameters.get("flip_horizontal", False)),
        bool(parameters.get("flip_vertical", False)),
    )
    out = _levels_after_flips(out, parameters, look, view)
    if out is view:
        return x
    return np.ascontiguousarray(out.transpose(2, 0, 1)) if first else out


def _interleaved(x: Image) -> Image:
    """Channels last, of an image with channels first."""
    if x.dtype.name in _PLAIN and 1 < len(x) <= _FEW and x.size:
        merged: Image = cv2.merge([np.ascontiguousarray(plane) for plane in x])
        return merged
    return x.transpose(1, 2, 0)


def _levels_before_flips(out: Image, parameters: Mapping[str, Any], look: Look, own: bool) -> Image:
    shift = parameters.get("channel_shift_intensity")
    return out if shift is None else channel_shift(out, shift, look.compat, own=own)


def _levels_after_flips(
    out: Image, parameters: Mapping[str, Any], look: Look, before: Image
) -> Image:
    lit, away, noise = (parameters.get(name) for name in ("brightness", "contrast", "noise"))
    if lit is None and away is None and noise is None:
        return out
    span = look.value_range
    if span is None and look.compat == FIXED:
        span = possible_range(before)  # a spline of a higher order leaves it
    if lit is not None:
        out = _lit(out, lit, look, span)
    if away is not None:
        out = contrast(out, away, look.compat, span)
    if noise is not None:
        out = add_noise(out, noise, int(parameters.get("noise_seed", 0)), look.compat, span)
    return out


def _lit(out: Image, factor: float, look: Look, span: Span | None) -> Image:
    """Brightness; Keras takes the last axis for the channels, wherever they are."""
    if look.compat == FIXED or look.data_format == "channels_last":
        return brightness(out, factor, look.compat, span)
    planes = brightness(out.transpose(2, 0, 1), factor, look.compat, span)
    return planes.transpose(1, 2, 0)


def flip(x: Image, horizontal: bool, vertical: bool) -> Image:
    """Mirrors an image of shape (height, width, channels); ``x`` itself where it does neither."""
    if not (horizontal or vertical):
        return x
    if x.dtype.name in _PLAIN and x.flags.c_contiguous and x.shape[2] <= _FEW and x.size:
        flipped: Image = cv2.flip(x, -1 if horizontal and vertical else int(horizontal))
        return flipped.reshape(x.shape)
    return x[:: -1 if vertical else 1, :: -1 if horizontal else 1]

"""Moves masks as their images move: by the nearest pixel, never blended."""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from raydrift.augment.affine import warp
from raydrift.augment.applying import flip
from raydrift.augment.compat import FIXED
from raydrift.augment.geometry import matrix


def move_mask(
    mask: npt.NDArray[Any],
    parameters: Mapping[str, Any],
    compat: str = FIXED,
    fill_mode: str = "nearest",
    cval: float = 0,
    data_format: str = "channels_last",
) -> npt.NDArray[Any]:
    """Moves a mask by its image's parameters; what is done to levels leaves it alone.

    Args:
        mask: Of shape (height, width), or with channels where ``data_format`` says, of any dtype.
        parameters: Those of the image.
        compat: Whose geometry it is.
        fill_mode: What lies around the mask, by scipy's names. It may differ from the image's.
        cval: The value of what is outside, for ``constant``, as the label that is ignored.
        data_format: ``channels_last`` or ``channels_first``.

    Returns:
        The mask, of the same shape and dtype, with no value that neither it nor ``cval`` has;
        ``mask`` itself where nothing is to do.

    >>> import numpy as np
    >>> move_mask(np.array([[1, 2, 3]]), {"tx": 1}, fill_mode="constant", cval=255)
    array([[  2,   3, 255]])
    """
    flat = mask.ndim == 2
    first = data_format == "channels_first" and not flat
    view = mask[..., None] if flat else mask.transpose(1, 2, 0) if first else mask
    moving = matrix(parameters, view.shape[0], view.shape[1], compat)
    out = view if moving is None else warp(view, moving, 0, fill_mode, cval)
    horizontal, vertical = (parameters.get(f"flip_{way}", 0) for way in ("horizontal", "vertical"))
    out = flip(out, bool(horizontal), bool(vertical))
    if out is view:
        return mask
    return out[..., 0] if flat else out.transpose(2, 0, 1) if first else out

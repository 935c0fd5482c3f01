"""Demosaicing of batches: two filters and Menon's choice."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pixel_shuffle

from raydrift.camera.cfa import CFA
from raydrift.camera.demosaic import demosaic
from raydrift.camera.differentiable.borders import mirrored
from raydrift.camera.differentiable.menon import menon
from raydrift.camera.views import Demosaicer

_REACH: Final = 2  # pixels that the filters look at on each side
_AROUND: Final = 2 * _REACH + 2  # rows and columns that the four places of a pattern look at


def demosaiced(mosaics: Tensor, demosaicer: Demosaicer, cfa: CFA) -> Tensor:
    """Finds red, green and blue of each pixel.

    Args:
        mosaics: Without black level, (n, height, width).
        demosaicer: Which algorithm. Menon's chooses between rows and columns, as numpy's code does;
            the gradient is that of what was chosen.
        cfa: The pattern of the mosaics.

    Returns:
        Planes (n, 3, height, width).
    """
    if demosaicer == Demosaicer.MENON:
        return menon(mosaics, cfa)
    height, width = mosaics.shape[1:]
    weights = torch.tensor(_filters(demosaicer, cfa), dtype=mosaics.dtype, device=mosaics.device)
    wide = mirrored(mosaics[:, None], _REACH, _REACH, even=True)
    return pixel_shuffle(conv2d(wide, weights, stride=2), 2)[:, :, :height, :width]


@lru_cache(maxsize=8)
def _filters(demosaicer: Demosaicer, cfa: CFA) -> npt.NDArray[Any]:
    """What each colour of each place of the pattern is made of: (12, 1, 6, 6).

    Bilinear and Malvar's are sums of pixels with weights, which are what numpy's code makes of
    mosaics with a single bright pixel.
    """
    weights = np.empty((3, 2, 2, _AROUND, _AROUND))
    start, size = _AROUND, 3 * _AROUND  # a pattern far enough from all borders
    for row in range(_AROUND):
        for column in range(_AROUND):
            mosaic = np.zeros((size, size))
            mosaic[start - _REACH + row, start - _REACH + column] = 1
            planes = demosaic(mosaic, demosaicer, cfa)
            weights[..., row, column] = planes[:, start : start + 2, start : start + 2]
    found = weights.reshape(12, 1, _AROUND, _AROUND)
    found.flags.writeable = False
    return found

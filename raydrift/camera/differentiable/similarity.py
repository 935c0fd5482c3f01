"""Similarity: how far pictures are from others, as losses."""

from math import exp
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import pad

from raydrift.camera.differentiable.filters import filtered
from raydrift.errors import SettingsError

_SIZE: Final = 11
_SIGMA: Final = 1.5
_C1: Final = 0.01**2
_C2: Final = 0.03**2


def l2_loss(reference: Tensor, drifted: Tensor, compat: bool = False) -> Tensor:
    """The mean of the squared differences.

    Args:
        reference: Pictures in [0, 1], (n, channels, height, width).
        drifted: Others of the same shape.
        compat: The sum instead, as published: what weighs it then depends on the size of pictures
            and batches.

    >>> l2_loss(torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.5)).item()
    0.25
    """
    _check(reference, drifted)
    squares = (reference - drifted) ** 2
    return squares.sum() if compat else squares.mean()


def ssim_loss(reference: Tensor, drifted: Tensor, compat: bool = False) -> Tensor:
    """1 less the structural similarity.

    Args:
        reference: Pictures in [0, 1], (n, channels, height, width).
        drifted: Others of the same shape.
        compat: The similarity itself, as published: who minimises that, makes pictures differ.
    """
    similarity = ssim(reference, drifted)
    return similarity if compat else 1 - similarity


def ssim(reference: Tensor, drifted: Tensor) -> Tensor:
    """The mean structural similarity, 1 of equal pictures.

    Wang et al., "Image quality assessment: from error visibility to structural similarity" (IEEE
    Transactions on Image Processing 13, 2004), with a Gaussian window of 11 × 11 pixels and sigma
    1.5, and zeros beyond the border, as published.

    Args:
        reference: Pictures in [0, 1], (n, channels, height, width).
        drifted: Others of the same shape.

    Raises:
        SettingsError: The shapes differ.
    """
    _check(reference, drifted)
    x, y = (one.flatten(0, 1) for one in (reference, drifted))
    means = _averaged(torch.cat([x, y, x * x, y * y, x * y]))
    mean_x, mean_y, of_x, of_y, of_both = means.chunk(5)
    variances = (of_x - mean_x**2) + (of_y - mean_y**2)
    covariance = of_both - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return (luminance * (2 * covariance + _C2) / (variances + _C2)).mean()


def _averaged(planes: Tensor) -> Tensor:
    """The mean in the window about each pixel, of planes (n, height, width).

    The published window is in single precision, which a Gaussian down the columns and one along the
    rows give as well. In double precision what was rounded off is added.
    """
    middle = _SIZE // 2
    line = [exp(-((place - middle) ** 2) / (2 * _SIGMA**2)) for place in range(_SIZE)]
    weights = torch.tensor(line, dtype=torch.float64)
    weights /= weights.sum()
    window = torch.outer(weights, weights)
    wide = pad(planes, (middle, middle, middle, middle))
    along = weights.to(wide)
    found = filtered(filtered(wide, along[None, :, None]), along[None, None])
    if planes.dtype == torch.float64:
        found = found + filtered(wide, (window.float() - window).to(wide)[None])
    return found


def _check(reference: Tensor, drifted: Tensor) -> None:
    if reference.shape != drifted.shape or reference.ndim != 4:
        shapes = f"{tuple(reference.shape)} and {tuple(drifted.shape)}"
        raise SettingsError(
            f"pictures are {shapes}: give two of one shape, (n, channels, height, width)"
        )

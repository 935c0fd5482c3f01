"""Luma: sharpening and denoising of brightness alone, as in ``raydrift.camera.luma``."""

from typing import Any

import torch
from torch import Tensor

from raydrift.camera.differentiable.borders import mirrored
from raydrift.camera.differentiable.filters import filtered
from raydrift.camera.differentiable.numbers import number_of
from raydrift.camera.luma import UNSHARP_SIGMA, Y, gaussian_weights


def luma(planes: Tensor) -> Tensor:
    """Y of each pixel, (n, height, width)."""
    red, green, blue = Y
    return red * planes[:, 0] + green * planes[:, 1] + blue * planes[:, 2]


def with_luma(planes: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The planes once their luma ``before`` has become ``after``."""
    return planes + (after - before)[:, None]


def sharpened(y: Tensor, amount: Any) -> Tensor:
    """Adds amount · (4y less its four neighbours).

    Args:
        y: (n, height, width).
        amount: One number, or one for each image.
    """
    wide = mirrored(y[:, None], 1, 1)[:, 0]
    around = wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1] + wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]
    return y + _each("sharpen_amount", amount, y) * (4 * y - around)


def unsharp_masked(y: Tensor, amount: Any) -> Tensor:
    """Adds amount · (y - blur(y)), the blur a Gaussian of sigma 1.

    Args:
        y: (n, height, width).
        amount: One number, or one for each image.
    """
    return y + _each("unsharp_amount", amount, y) * (y - gaussian_blurred(y, UNSHARP_SIGMA))


def median_filtered(y: Tensor) -> Tensor:
    """The median of 3 × 3 pixels; the gradient goes to the pixel that it is."""
    height, width = y.shape[1:]
    wide = mirrored(y[:, None], 1, 1)[:, 0]
    around = [
        wide[:, row : row + height, column : column + width]
        for row in range(3)
        for column in range(3)
    ]
    return torch.stack(around, dim=-1).median(dim=-1).values


def gaussian_blurred(y: Tensor, sigma: Any) -> Tensor:
    """Averages with a Gaussian, cut at 4 sigma.

    Where it is cut is a step of one pixel, at each eighth and quarter of a sigma; the gradient is
    that between two steps. Below a sigma of 0.125 nothing is left but the pixel itself, and the
    gradient by sigma is 0: who climbs does not get away from 0 by it.

    Args:
        y: (n, height, width).
        sigma: One number, or one for each image, pixels.
    """
    if isinstance(sigma, Tensor):
        return _filtered(y, _weights(number_of("denoise_sigma", sigma, y)))
    weights = torch.tensor(gaussian_weights(sigma), dtype=y.dtype, device=y.device)
    return _filtered(y, weights[None])


def _weights(sigma: Tensor) -> Tensor:
    """A Gaussian for each sigma, as long as the longest: (n, taps)."""
    sigma = sigma.abs()
    reach = (4 * sigma.detach() + 0.5).floor()
    most = int(reach.max())
    x = torch.arange(-most, most + 1, dtype=sigma.dtype, device=sigma.device)
    kept = x.abs() <= reach[:, None]
    # A sigma of 0 is not divided by, and its gradient is not 0 / 0.
    spread = torch.where(reach > 0, sigma, 1)[:, None]
    weights = torch.exp(-0.5 * (x / spread) ** 2) * kept
    return weights / weights.sum(dim=1, keepdim=True)


def _filtered(y: Tensor, weights: Tensor) -> Tensor:
    """Down the columns and along the rows, (n, height, width); a row of weights for all or each."""
    taps = weights.shape[1]
    if taps == 1:
        return y * weights.reshape(-1, 1, 1)
    wide = mirrored(y[:, None], taps // 2, taps // 2)
    return filtered(filtered(wide[:, 0], weights[:, :, None]), weights[:, None])


def _each(name: str, number: Any, y: Tensor) -> Tensor:
    return number_of(name, number, y).reshape(-1, 1, 1)

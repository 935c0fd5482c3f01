"""Rendering of batches: the forward pass of ``raydrift.camera``, with gradients."""

from typing import Any

import torch
from torch import Tensor

from raydrift.camera.cfa import CFA
from raydrift.camera.differentiable.demosaicing import demosaiced
from raydrift.camera.differentiable.luma import (
    gaussian_blurred,
    luma,
    median_filtered,
    sharpened,
    unsharp_masked,
    with_luma,
)
from raydrift.camera.differentiable.numbers import (
    check_mosaics,
    is_zero,
    number_of,
    numbers_of,
)
from raydrift.camera.differentiable.tone import encoded
from raydrift.camera.rendering import Rendering


def render(raw: Tensor, rendering: Rendering, half: bool = False) -> Tensor:
    """Makes pictures of mosaics, as ``raydrift.camera.render`` does of one.

    Each number of the rendering may be a tensor, of one for all mosaics or one for each; gradients
    go to it, and to the mosaics. Choices (``cfa``, the demosaicers, ``median``) are one for a
    batch. Pictures are those of numpy's code up to the last bits, borders too: all are mirrored.

    A number that is 0 leaves its stage out; a tensor never does, or there would be no gradient.

    Args:
        raw: float32 or float64, (n, height, width), at least 2 × 2; 1 is the full scale.
        rendering: The parameters.
        half: Make one pixel of 2 × 2 places, without demosaicing, see ``superpixels``.

    Returns:
        RGB in [0, 1], (n, 3, height, width), not rounded to grey levels; with half
        (n, 3, height // 2, width // 2).

    Raises:
        ImageError: The tensor is no batch of mosaics.
        SettingsError: A parameter has neither one value nor one for each mosaic.

    >>> from dataclasses import replace
    >>> from raydrift.camera import REFERENCE, Rendering
    >>> gamma = torch.tensor([1.8, 2.2], requires_grad=True)
    >>> camera = replace(Rendering.by(REFERENCE), gamma=gamma)
    >>> render(torch.full((2, 4, 6), 0.25), camera).mean().backward()
    >>> tuple(gamma.grad.shape), bool((gamma.grad > 0).all())
    ((2,), True)
    """
    check_mosaics(raw)
    mosaics = without_black(raw, rendering)
    planes = superpixels(mosaics, rendering.cfa) if half else _colours(mosaics, rendering)
    planes = _adjusted(_mixed(planes, rendering), rendering)
    return encoded(planes, number_of("gamma", rendering.gamma, raw))


def without_black(raw: Tensor, rendering: Rendering) -> Tensor:
    """Takes the black level off each pixel, by place; dark ones may become negative."""
    height, width = raw.shape[1:]
    levels = numbers_of("black_level", rendering.black_level, raw).reshape(-1, 2, 2)
    return raw - levels.repeat(1, -(-height // 2), -(-width // 2))[:, :height, :width]


def superpixels(mosaics: Tensor, cfa: CFA) -> Tensor:
    """Red, the mean of both greens, and blue of each 2 × 2 places.

    Args:
        mosaics: (n, height, width).
        cfa: Their pattern.

    Returns:
        (n, 3, height // 2, width // 2): an odd last row and column are left out.
    """
    height, width = (size // 2 * 2 for size in mosaics.shape[1:])
    seen: list[list[Tensor]] = [[], [], []]
    for place, colour in enumerate(cfa.colours):
        row, column = divmod(place, 2)
        seen[colour].append(mosaics[:, row:height:2, column:width:2])
    (red,), (green, other), (blue,) = seen
    return torch.stack([red, (green + other) / 2, blue], dim=1)


def _colours(mosaics: Tensor, rendering: Rendering) -> Tensor:
    """Demosaics; two algorithms are blended by their shares."""
    share: Any = rendering.demosaic_share
    own, other, cfa = rendering.demosaicer, rendering.other_demosaicer, rendering.cfa
    if own == other or is_zero(share):
        return demosaiced(mosaics, other, cfa)
    planes = demosaiced(mosaics, own, cfa)
    if not isinstance(share, Tensor) and share == 1:
        return planes
    shares = number_of("demosaic_share", share, mosaics).reshape(-1, 1, 1, 1)
    return shares * planes + (1 - shares) * demosaiced(mosaics, other, cfa)


def _mixed(planes: Tensor, rendering: Rendering) -> Tensor:
    """White balance and colour matrix as one."""
    cells = [cell for row in rendering.colour_matrix for cell in row]
    like = planes[:, 0]
    matrices = numbers_of("colour_matrix", cells, like).reshape(-1, 3, 3)
    gains = numbers_of("white_balance", rendering.white_balance, like)
    mixed: Tensor = (matrices * gains[:, None]) @ planes.flatten(2)
    found: Tensor = mixed.unflatten(2, planes.shape[2:])
    return found


def _adjusted(planes: Tensor, rendering: Rendering) -> Tensor:
    """Sharpening and denoising of the luma."""
    before = y = luma(planes)
    if not is_zero(rendering.sharpen_amount):
        y = sharpened(y, rendering.sharpen_amount)
    if not is_zero(rendering.unsharp_amount):
        y = unsharp_masked(y, rendering.unsharp_amount)
    if rendering.median:
        y = median_filtered(y)
    if not is_zero(rendering.denoise_sigma):
        y = gaussian_blurred(y, rendering.denoise_sigma)
    return planes if y is before else with_luma(planes, before, y)

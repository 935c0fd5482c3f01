"""Mirrors, quarter turns and whole shifts: pixels change places, and none is computed."""

import torch
from torch import Tensor


def is_blit(inverse: Tensor) -> Tensor:
    """Which matrices map pixels to pixels.

    Args:
        inverse: As ``geometry.inverse_geometry`` makes it, of shape (n, 3, 3).

    Returns:
        Bools of shape (n,).
    """
    exact: Tensor = ((inverse - inverse.round()).abs() < 1e-9).flatten(1).all(dim=1)
    # Of whole numbers, only a matrix of the determinant 1 or -1 with two that are not 0 is one.
    two: Tensor = (inverse[:, :2, :2].abs().sum(dim=(1, 2)) - 2).abs() < 1e-9
    regular: Tensor = torch.linalg.det(inverse).abs() > 0.5
    return exact & two & regular


def blit(images: Tensor, inverse: Tensor) -> Tensor:
    """Moves pixels; an image is reflected at its border.

    Args:
        images: Floats of shape (n, channels, height, width).
        inverse: Matrices for which ``is_blit`` holds, of shape (n, 3, 3), on the CPU.

    Returns:
        Of the same shape.
    """
    height, width = images.shape[2:]
    half = torch.tensor([(width - 1) / 2, (height - 1) / 2], dtype=torch.float64)
    x = torch.arange(width, dtype=torch.float64).expand(height, width) - half[0]
    y = torch.arange(height, dtype=torch.float64)[:, None].expand(height, width) - half[1]
    places = torch.stack([x, y, torch.ones_like(x)], dim=-1)
    sources = torch.einsum("hwk,njk->nhwj", places, inverse[:, :2]) + half
    whole = sources.round().long()
    flat = _reflected(whole[..., 1], height) * width + _reflected(whole[..., 0], width)
    index = flat.flatten(1)[:, None].to(images.device)
    return images.flatten(2).gather(2, index.expand(-1, images.shape[1], -1)).view_as(images)


def _reflected(places: Tensor, length: int) -> Tensor:
    """Places beyond the border, reflected at the middle of its pixels."""
    period = 2 * (length - 1)
    within = places.remainder(period)
    return torch.minimum(within, period - within)

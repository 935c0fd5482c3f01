"""Brightness, contrast, inverted light, hue and saturation: one matrix an image."""

from math import sqrt

import torch
from torch import Tensor

from raydrift.gan.adaptive.parameters import Augmentations


def colour_matrix(augmentations: Augmentations) -> Tensor:
    """What maps (red, green, blue, 1) of an image to that of the augmented image.

    Args:
        augmentations: Of n images.

    Returns:
        Float64 of shape (n, 4, 4).
    """
    given = augmentations
    grey = torch.full((3, 3), 1 / 3, dtype=torch.float64)  # the projection on the grey axis
    apart = torch.eye(3, dtype=torch.float64) - grey
    root = 1 / sqrt(3)
    across = torch.tensor(
        [[0, -root, root], [root, 0, -root], [-root, root, 0]], dtype=torch.float64
    )
    flipped = apart + _each(1 - 2 * given.luma_flip) * grey
    turned = grey + _each(given.hue.cos()) * apart + _each(given.hue.sin()) * across
    saturated = grey + _each(given.saturation) * apart
    colours = saturated @ turned @ flipped * _each(given.contrast)
    added = _each(given.brightness).expand(-1, 3, 1)
    matrix = torch.eye(4, dtype=torch.float64).repeat(len(given), 1, 1)
    matrix[:, :3, :3] = colours
    matrix[:, :3, 3:] = colours @ added
    return matrix


def recolour(images: Tensor, matrix: Tensor) -> Tensor:
    """Changes the colours of images.

    Args:
        images: Floats of shape (n, 1 or 3, height, width). One channel counts as three equal ones,
            of whose result the mean is taken: only brightness, contrast and light change it.
        matrix: As ``colour_matrix`` makes it, of shape (n, 4, 4).

    Returns:
        Of the same shape.
    """
    by, added = matrix[:, :3, :3], matrix[:, :3, 3]
    if images.shape[1] == 1:
        by = by.sum(dim=2).mean(dim=1)[:, None, None]
        added = added.mean(dim=1, keepdim=True)
    by = by.to(images.device, images.dtype)
    added = added.to(images.device, images.dtype)
    return (by @ images.flatten(2)).view_as(images) + added[:, :, None, None]


def _each(values: Tensor) -> Tensor:
    return values[:, None, None]

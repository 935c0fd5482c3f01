"""Augments images as it was drawn for each of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from raydrift.gan.adaptive.blits import blit, is_blit
from raydrift.gan.adaptive.colour import colour_matrix, recolour
from raydrift.gan.adaptive.geometry import inverse_geometry, warp
from raydrift.gan.adaptive.parameters import Augmentations


def augment(images: Tensor, augmentations: Augmentations) -> Tensor:
    """Augments images: geometry first, then colours.

    An image for which nothing was drawn stays as it is, and none depends on the others. It can be
    differentiated twice.

    Args:
        images: Floats of shape (n, 1 or 3, height, width), about -1 to 1.
        augmentations: Of these n images.

    Returns:
        Of the same shape; not clipped.
    """
    height, width = images.shape[2:]
    inverse = inverse_geometry(augmentations, height, width)
    blits, changed = is_blit(inverse), _changed(inverse)
    images = _apply(blit, images, inverse, changed & blits)
    images = _apply(warp, images, inverse, changed & ~blits)
    matrix = colour_matrix(augmentations)
    return _apply(recolour, images, matrix, _changed(matrix))


def _apply(
    operation: Callable[[Tensor, Tensor], Tensor], images: Tensor, matrices: Tensor, which: Tensor
) -> Tensor:
    """Does an operation to those images that it changes."""
    rows = which.nonzero()[:, 0]
    if not len(rows):
        return images
    places = rows.to(images.device)
    return images.index_copy(0, places, operation(images[places], matrices[rows]))


def _changed(matrices: Tensor) -> Tensor:
    """Which matrices are not the identity."""
    identity = torch.eye(matrices.shape[-1], dtype=matrices.dtype)
    return (matrices - identity).abs().flatten(1).amax(dim=1) > 1e-12

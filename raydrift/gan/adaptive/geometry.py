"""Mirrors, turns, shifts and stretches: one matrix an image, and one resampling."""

from math import ceil, pi

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from raydrift.gan.adaptive.parameters import Augmentations
from raydrift.gan.adaptive.wavelet import CENTRE, REACH, double, halve


def inverse_geometry(augmentations: Augmentations, height: int, width: int) -> Tensor:
    """Where in an image each place of the augmented image comes from.

    Args:
        augmentations: Of n images.
        height: Of the images.
        width: Of the images.

    Returns:
        Matrices that map (x, y, 1) to (x, y, 1), in pixels to the right and down from the centre;
        float64 of shape (n, 3, 3).
    """
    given = augmentations
    sizes = torch.tensor([width, height], dtype=torch.float64)
    whole = (given.shift * sizes).round()
    parts = (
        _scaling(1 - 2 * given.mirror, torch.ones_like(given.mirror)),
        _turning(given.quarter_turns * (pi / 2)).round(),
        _shifting(whole),
        _scaling(1 / given.scale, 1 / given.scale),
        _turning(given.first_turn),
        _scaling(1 / given.stretch, given.stretch),
        _turning(given.second_turn),
        _shifting(given.fine_shift * sizes),
    )
    inverse = parts[0]
    for part in parts[1:]:
        inverse = inverse @ part
    return inverse


def warp(images: Tensor, inverse: Tensor) -> Tensor:
    """Moves the content of images.

    An image is reflected at its border, doubled by a wavelet, sampled between its pixels and halved
    by the mirrored wavelet, so that whole shifts lose nothing. It is reflected once: what comes
    from further away than its size is 0.

    Args:
        images: Floats of shape (n, channels, height, width).
        inverse: As ``inverse_geometry`` makes it, of shape (n, 3, 3), on the CPU.

    Returns:
        Of the same shape. It can be differentiated twice.
    """
    height, width = images.shape[2:]
    left, right, top, bottom = _margins(inverse, height, width)
    doubled = double(pad(images, (left, right, top, bottom), mode="reflect"))
    grid = _grid(inverse, (height, width), (left, top), doubled.shape[2:])
    places = grid.to(images.device, images.dtype)
    return halve(grid_sample(doubled, places, align_corners=False))


def _grid(
    inverse: Tensor, size: tuple[int, int], margin: tuple[int, int], doubled: torch.Size
) -> Tensor:
    """Where ``grid_sample`` looks, -1 to 1 from border to border; float64 of shape (n, h, w, 2)."""
    height, width = size
    matrix = inverse.clone()
    matrix[:, :2, 2] *= 2  # pixels of the doubled image
    along = [_doubled_places(length) for length in (width, height)]
    outer = tuple(torch.broadcast_tensors(along[0][None, :], along[1][:, None]))
    places = torch.stack([*outer, torch.ones_like(outer[0])], dim=-1)
    moved = torch.einsum("hwk,njk->nhwj", places, matrix[:, :2])
    centre = torch.tensor(
        [_doubled_centre(width) + 2 * margin[0], _doubled_centre(height) + 2 * margin[1]],
        dtype=torch.float64,
    )
    sizes = torch.tensor([doubled[1], doubled[0]], dtype=torch.float64)
    return (2 * (moved + centre) + 1) / sizes - 1


def _doubled_places(length: int) -> Tensor:
    """From the centre, in pixels of the doubled image, with the margin that ``halve`` takes."""
    every = torch.arange(-2 * REACH, 2 * (length + REACH), dtype=torch.float64)
    return every - _doubled_centre(length)


def _doubled_centre(length: int) -> float:
    return (2 * length - 1) / 2 + CENTRE


def _margins(inverse: Tensor, height: int, width: int) -> tuple[int, int, int, int]:
    """Pixels that are needed beyond the left, right, upper and lower border, for all images."""
    half = [(length - 1) / 2 for length in (width, height)]
    x, y = half[0] + REACH + 1, half[1] + REACH + 1
    corners = torch.tensor([[-x, -y, 1], [x, -y, 1], [-x, y, 1], [x, y, 1]], dtype=torch.float64)
    reached = torch.einsum("ck,njk->ncj", corners, inverse[:, :2]).reshape(-1, 2)
    least, most = reached.min(dim=0).values.tolist(), reached.max(dim=0).values.tolist()
    margins = []
    for axis, length in enumerate((width, height)):
        for beyond in (-least[axis] - half[axis], most[axis] - half[axis]):
            margins.append(min(max(ceil(beyond) + REACH, 0), length - 1))
    left, right, top, bottom = margins
    return left, right, top, bottom


def _scaling(x: Tensor, y: Tensor) -> Tensor:
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _matrices([[x, zero, zero], [zero, y, zero], [zero, zero, one]])


def _turning(angle: Tensor) -> Tensor:
    """The inverse of a turn counter-clockwise, where y points down."""
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    cosine, sine = angle.cos(), angle.sin()
    return _matrices([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]])


def _shifting(pixels: Tensor) -> Tensor:
    """The inverse of a shift."""
    x, y = -pixels[:, 0], -pixels[:, 1]
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _matrices([[one, zero, x], [zero, one, y], [zero, zero, one]])


def _matrices(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)

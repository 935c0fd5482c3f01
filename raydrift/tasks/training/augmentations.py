"""What is done to pictures before a network learns from them, drawn for each picture and epoch.

The published code draws once for a whole batch. Here a picture's changes depend on the seed, the
epoch and the picture alone, whatever batch it comes in.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, conv2d, grid_sample

from raydrift import seeds

WEAK: Final = "weak"
STRONG: Final = "strong"

_CHANGES: Final = 2**32  # with the epoch added: what is drawn of a training's seed
_MOST_DEGREES: Final = 90.0
_NOISE: Final = 0.0005  # standard deviation, where white is 1
_BLUR: Final = 0.5  # the part of the smoothed picture in the sum


@dataclass(frozen=True)
class Changes:
    """What is done to each of n pictures.

    Attributes:
        mirrored: Whether left and right change places, bool of shape (n,).
        flipped: Whether top and bottom do, likewise.
        quarters: Quarter turns to the left, int64, 0 to 3, likewise.
        degrees: A turn to the left that leaves the corners black, float32, likewise.
        noise: What is added, float32 of shape (n, 3, height, width); None: nothing.
        blurred: Whether half of the smoothed picture is taken, bool of shape (n,).
    """

    mirrored: Tensor
    flipped: Tensor
    quarters: Tensor
    degrees: Tensor
    noise: Tensor | None
    blurred: Tensor


def draw_changes(
    name: str, seed: int, epoch: int, samples: list[int], size: tuple[int, int]
) -> Changes:
    """Draws what is done to some pictures in an epoch.

    Args:
        name: ``weak``: each flip by half of the pictures, and quarter turns, of pictures that are
            not square half turns. ``strong``: each flip, a turn by -90 to 90 degrees, noise of
            standard deviation 0.0005, and a little blur, each by half of the pictures.
        seed: Of the training.
        epoch: From 0.
        samples: The numbers of the pictures.
        size: Height and width, pixels.
    """
    count, strong = len(samples), name == STRONG
    numbers = np.empty((count, 7))
    noise = np.zeros((count, 3, *size), np.float32) if strong else None
    for place, sample in enumerate(samples):
        rng = seeds.generator(seed, _CHANGES + epoch, sample)
        numbers[place] = rng.random(7)
        if noise is not None and numbers[place, 3] < 0.5:
            noise[place] = _NOISE * rng.standard_normal((3, *size), np.float32)
    drawn = torch.from_numpy(numbers)
    half = drawn < 0.5
    quarters = (drawn[:, 2] * 4).long()
    if size[0] != size[1]:
        quarters = quarters // 2 * 2
    degrees = (2 * drawn[:, 5] - 1).float() * _MOST_DEGREES
    return Changes(
        half[:, 0],
        half[:, 1],
        torch.zeros_like(quarters) if strong else quarters,
        torch.where(half[:, 4] & strong, degrees, 0.0),
        None if noise is None else torch.from_numpy(noise),
        half[:, 6] & strong,
    )


def moved(pictures: Tensor, changes: Changes) -> Tensor:
    """Pictures or masks, turned and flipped; what comes in from outside is 0.

    Args:
        pictures: float32 of shape (n, channels, height, width).
        changes: What is done to each.
    """
    found = _where(changes.mirrored, pictures.flip(3), pictures)
    found = _where(changes.flipped, found.flip(2), found)
    for quarters in (1, 2, 3):
        if bool((turned := changes.quarters == quarters).any()):
            found[turned] = found[turned].rot90(quarters, (2, 3))
    if bool((turned := changes.degrees != 0).any()):
        found[turned] = _rotated(found[turned], changes.degrees[turned])
    return found


def changed(images: Tensor, changes: Changes, span: bool = True) -> Tensor:
    """Images with all of their changes.

    Args:
        images: float32 of shape (n, 3, height, width).
        changes: What is done to each.
        span: Whether they are from 0 to 1: what is smoothed is cut off there, as published.

    Returns:
        The same shape; noise may lead out of 0 to 1.
    """
    found = moved(images, changes)
    if changes.noise is not None:
        found = found + changes.noise.to(found.device)
    if bool((blurred := changes.blurred).any()):
        smoothed = _half_smoothed(found[blurred])
        found[blurred] = smoothed.clamp(0, 1) if span else smoothed
    return found


def _where(chosen: Tensor, these: Tensor, others: Tensor) -> Tensor:
    return torch.where(chosen.to(these.device).view(-1, 1, 1, 1), these, others)


def _rotated(pictures: Tensor, degrees: Tensor) -> Tensor:
    """Turned to the left about the centre; each pixel is the nearest one, as published."""
    height, width = pictures.shape[2:]
    angles = torch.deg2rad(degrees.double())
    cosine, sine, none = angles.cos(), angles.sin(), torch.zeros_like(angles)
    # In affine_grid's units both sides are 2 long, however long they are.
    rows = [cosine, -sine * height / width, none, sine * width / height, cosine, none]
    matrices = torch.stack(rows, 1).view(-1, 2, 3).to(pictures.device, torch.float32)
    grid = affine_grid(matrices, list(pictures.shape), align_corners=False)
    return grid_sample(pictures, grid, mode="nearest", align_corners=False)


def _half_smoothed(images: Tensor) -> Tensor:
    """Half the image and half its mean over 3 x 3 pixels, the middle one five times.

    The border stays. Pillow's and torchvision's sharpness by a factor of 0.5.
    """
    channels = images.shape[1]
    kernel = torch.ones(3, 3, device=images.device)
    kernel[1, 1] = 5
    smooth = images.clone()
    weights = (kernel / kernel.sum()).expand(channels, 1, 3, 3)
    smooth[:, :, 1:-1, 1:-1] = conv2d(images, weights, groups=channels)
    return _BLUR * images + (1 - _BLUR) * smooth

"""What a network learns from: pictures in memory or in a file, a batch a step."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raydrift import seeds
from raydrift.images.pixels import RGB
from raydrift.settings.task import Channels
from raydrift.settings.train import TrainSettings
from raydrift.tasks.training.augmentations import changed, draw_changes, moved

Targets = npt.NDArray[Any]
"""What is right: int64 classes of shape (n,), or masks of 0 and 1, uint8 (n, height, width)."""

_ORDER: Final = 1  # what is drawn of a training's seed


class PictureBatches:
    """Batches of pictures, each by the number of its step alone.

    Each epoch has all pictures in an order of its own. The last batch has what is left; a single
    picture joins the batch before it.

    Args:
        pixels: uint8 RGB of shape (n, height, width, 3), n at least 2.
        targets: What is right.
        settings: Batch size, augmentation and normalisation.
        seed: Of the training.
        device: Where the batches are wanted.
    """

    def __init__(
        self,
        pixels: RGB,
        targets: Targets,
        settings: TrainSettings,
        seed: int,
        device: torch.device,
    ) -> None:
        self._pixels, self._targets = pixels, targets
        self._settings, self._seed, self._device = settings, seed, device
        self._scale = scale_of(settings.channels, device)
        self._order: tuple[int, npt.NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        """Steps an epoch."""
        count, size = len(self._pixels), self._settings.batch_size
        return max(1, count // size + (count % size > 1))

    def rows(self, step: int) -> list[int]:
        """The pictures of a step."""
        epoch, place = divmod(step, len(self))
        if self._order is None or self._order[0] != epoch:
            rng = seeds.generator(self._seed, _ORDER, epoch)
            self._order = epoch, rng.permutation(len(self._pixels))
        size = self._settings.batch_size
        last = place == len(self) - 1
        found = self._order[1][place * size : None if last else (place + 1) * size]
        return [int(one) for one in found]

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        """Normalised images, float32 of shape (n, 3, height, width), and their targets.

        Those are int64 classes of shape (n,), or masks, float32 of shape (n, 1, height, width).
        """
        rows = self.rows(step)
        images = as_images(self._pixels[rows], self._device)
        targets = torch.from_numpy(self._targets[rows]).to(self._device)
        if self._settings.has_masks:
            targets = targets[:, None].float()
        if self._settings.augmentation != "none":
            height, width = images.shape[2:]
            epoch = step // len(self)
            changes = draw_changes(
                self._settings.augmentation, self._seed, epoch, rows, (height, width)
            )
            images = changed(images, changes)
            if self._settings.has_masks:
                targets = moved(targets, changes)
        return normalised(images, self._scale), targets


Scale = tuple[Tensor, Tensor] | None
"""Means and standard deviations, each of shape (1, 3, 1, 1); None: pixels stay as they are."""


def scale_of(channels: tuple[Channels, Channels] | None, device: torch.device) -> Scale:
    """What pictures are normalised by, on a device."""
    if channels is None:
        return None
    mean, deviation = (torch.tensor(one, device=device).view(1, 3, 1, 1) for one in channels)
    return mean, deviation


def as_images(pixels: RGB, device: torch.device) -> Tensor:
    """uint8 (n, height, width, 3) as float32 (n, 3, height, width), 0 to 1."""
    images = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    return images.permute(0, 3, 1, 2).contiguous().float() / 255


def normalised(images: Tensor, scale: Scale) -> Tensor:
    """Images less the means, by the standard deviations."""
    return images if scale is None else (images - scale[0]) / scale[1]

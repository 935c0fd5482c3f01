"""What a network learns from: pictures in memory or in a file, a batch a step."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raydrift.images.pixels import RGB, Array
from raydrift.settings.task import Channels
from raydrift.settings.train import TrainSettings
from raydrift.tasks.training.augmentations import Changes, changed, draw_changes, moved
from raydrift.tasks.training.order import EpochOrder

_OF_MASKS: Final = 3  # dimensions
_MOSAICS: Final = 3

Targets = npt.NDArray[Any]
"""What is right: int64 classes of shape (n,), or masks of 0 and 1, uint8 (n, height, width)."""


@dataclass(frozen=True)
class Step:
    """What a step learns from.

    Attributes:
        images: float32 of shape (n, 3, height, width), 0 to 1, as they are; or mosaics, float32 of
            shape (n, height, width).
        targets: What is right: int64 classes of shape (n,), or masks (n, height, width), which are
            moved already.
        changes: What is still to be done to the images; None: nothing.
    """

    images: Tensor
    targets: Tensor
    changes: Changes | None


class Steps:
    """The pictures of each step, by its number alone, see ``EpochOrder``.

    Args:
        pixels: uint8 RGB of shape (n, height, width, 3), or mosaics, float32 of shape
            (n, height, width); n at least 2.
        targets: What is right.
        batch_size: Pictures a step.
        augmentation: As of ``TrainSettings``.
        seed: Of the training.
        device: Where they are wanted.
        shrink: How many times smaller the pictures are that changes are done to.
    """

    def __init__(
        self,
        pixels: Array,
        targets: Targets,
        batch_size: int,
        augmentation: str,
        seed: int,
        device: torch.device,
        shrink: int = 1,
    ) -> None:
        self._pixels, self._targets, self._shrink = pixels, targets, shrink
        self._augmentation, self._seed, self._device = augmentation, seed, device
        self._order = EpochOrder(len(pixels), batch_size, seed)

    def __len__(self) -> int:
        """Steps an epoch."""
        return len(self._order)

    def __getitem__(self, step: int) -> Step:
        rows = self._order.rows(step)
        images = as_images(self._pixels[rows], self._device)
        targets = torch.from_numpy(np.ascontiguousarray(self._targets[rows])).to(self._device)
        if self._augmentation == "none":
            return Step(images, targets, None)
        height, width = (side // self._shrink for side in images.shape[-2:])
        epoch = self._order.epoch(step)
        changes = draw_changes(self._augmentation, self._seed, epoch, rows, (height, width))
        if targets.dim() == _OF_MASKS:
            targets = moved(targets[:, None].float(), changes)[:, 0]
        return Step(images, targets, changes)


class PictureBatches:
    """Batches of pictures, changed and normalised, each by the number of its step alone.

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
        self._has_masks, self._scale = settings.has_masks, scale_of(settings.channels, device)
        asked = (settings.batch_size, settings.augmentation)
        self._steps = Steps(pixels, targets, *asked, seed, device)

    def __len__(self) -> int:
        """Steps an epoch."""
        return len(self._steps)

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        """Normalised images, float32 of shape (n, 3, height, width), and their targets.

        Those are int64 classes of shape (n,), or masks, float32 of shape (n, 1, height, width).
        """
        found = self._steps[step]
        images = found.images if found.changes is None else changed(found.images, found.changes)
        targets = found.targets[:, None].float() if self._has_masks else found.targets
        return normalised(images, self._scale), targets


Scale = tuple[Tensor, Tensor] | None
"""Means and standard deviations, each of shape (1, 3, 1, 1); None: pixels stay as they are."""


def scale_of(channels: tuple[Channels, Channels] | None, device: torch.device) -> Scale:
    """What pictures are normalised by, on a device."""
    if channels is None:
        return None
    mean, deviation = (torch.tensor(one, device=device).view(1, 3, 1, 1) for one in channels)
    return mean, deviation


def as_images(pixels: Array, device: torch.device) -> Tensor:
    """uint8 (n, height, width, 3) as float32 (n, 3, height, width), 0 to 1; mosaics as they are."""
    images = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    if images.dim() == _MOSAICS:
        return images
    return images.permute(0, 3, 1, 2).contiguous().float() / 255


def normalised(images: Tensor, scale: Scale) -> Tensor:
    """Images less the means, by the standard deviations."""
    return images if scale is None else (images - scale[0]) / scale[1]

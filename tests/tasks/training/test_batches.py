"""Batches: each epoch every picture once, in an order of its own."""

import numpy as np
import torch

from raydrift.settings import TrainSettings
from raydrift.tasks.training.batches import PictureBatches

CPU = torch.device("cpu")


def batches_of(count: int, **values: object) -> PictureBatches:
    pixels = np.arange(count * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8)
    labels = np.arange(count)
    settings = TrainSettings("resnet18", **values)  # type: ignore[arg-type]
    return PictureBatches(pixels.reshape(count, 32, 32, 3), labels, settings, 5, CPU)


def test_a_step_is_the_same_whichever_came_before() -> None:
    one, other = (batches_of(20, batch_size=4, augmentation="strong") for _ in range(2))
    whole = [one[step] for step in range(12)]
    for step in (11, 3, 7):
        for here, there in zip(other[step], whole[step], strict=True):
            assert torch.equal(here, there)


def test_images_are_normalised_and_masks_are_turned_with_them() -> None:
    pixels = np.zeros((8, 32, 32, 3), np.uint8)
    pixels[:, :16, :8] = 255
    masks = (pixels[..., 0] > 0).astype(np.uint8)
    norm = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    settings = TrainSettings("unet", augmentation="weak", batch_size=8, normalize=norm)
    images, targets = PictureBatches(pixels, masks, settings, 5, CPU)[0]
    assert images.unique().tolist() == [-2, 2]
    assert (targets.shape, targets.dtype) == ((8, 1, 32, 32), torch.float32)
    assert torch.equal(targets[:, 0] == 1, images[:, 0] == 2)
    assert len(targets.flatten(1).unique(dim=0)) > 2

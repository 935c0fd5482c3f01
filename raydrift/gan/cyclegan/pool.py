"""Translated images of earlier steps, which a discriminator is shown again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


class Pool:
    """Some of the images that a generator made, so that a discriminator does not forget.

    While the pool is not full, an image goes in and is used. Then, with chance one half, a random
    image of the pool is used and the new one takes its place; else the new one is used
    (Shrivastava et al. 2017, section 2.3).

    Args:
        size: How many images it holds; 0: new images are used as they are.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._images: list[Tensor] = []

    def __len__(self) -> int:
        return len(self._images)

    def exchange(self, images: Tensor, numbers: np.random.Generator) -> Tensor:
        """Gives images in, and gets as many to be used.

        Args:
            images: New ones of shape (n, channels, height, width), without gradients; they are
                taken in turn.
            numbers: Where is drawn from: two numbers an image, full or not.

        Returns:
            Images of the same shape.
        """
        if self._size == 0:
            return images
        used = []
        for image, (chance, place) in zip(images, numbers.random((len(images), 2)), strict=True):
            if len(self) < self._size:
                self._images.append(image.clone())
                used.append(image)
            elif chance < 0.5:
                chosen = int(place * self._size)
                used.append(self._images[chosen])
                self._images[chosen] = image.clone()
            else:
                used.append(image)
        return torch.stack(used)

    def state_dict(self) -> dict[str, Any]:
        """The images, as one tensor of shape (n, channels, height, width); None: there are none."""
        return {"images": torch.stack(self._images) if self._images else None}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Takes the images of another pool, of a larger one the first.

        Args:
            state: What ``state_dict`` of the other one gave.
            device: Where the images are to be.
        """
        images = state["images"]
        kept = [] if images is None else images[: self._size].to(device)
        self._images = [image.clone() for image in kept]

"""The samples of a run, as torch takes them."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.data import Dataset

from raydrift.images.samples import Samples


class TorchSamples(Dataset[tuple[Any, int]]):
    """A map-style dataset of (image, label).

    Args:
        samples: What a run wrote.
        transform: A function of a uint8 tensor of shape (3, height, width); None: that is the
            image.
    """

    def __init__(self, samples: Samples, transform: Callable[[Any], Any] | None = None) -> None:
        self._samples = samples
        self._transform = transform

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        """An image, and its label."""
        image = torch.from_numpy(self._samples.image(index)).permute(2, 0, 1).contiguous()
        label: int = self._samples.facts(index)["label"]
        return image if self._transform is None else self._transform(image), label

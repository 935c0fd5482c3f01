"""Small models as users make them, in each of the forms that a task may have."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn


class SmallNet(nn.Module):
    """A convolutional network with all that has a training mode, for images of any size."""

    def __init__(self, classes: int = 6) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(7)
        self.convolution = nn.Conv2d(3, 8, 3, 2, 1)
        self.norm = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(32, classes)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator) / 3

    def features(self, images: Tensor) -> Tensor:
        found = torch.relu(self.norm(self.convolution(images)))
        return nn.functional.adaptive_avg_pool2d(found, 2).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.last(self.dropout(self.features(images)))
        return logits

    def fit(self, pixels: np.ndarray, labels: np.ndarray) -> Self:
        """Makes it name the class whose mean is next to an image's features."""
        with torch.no_grad():
            found = self.eval().features(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255)
            means = torch.stack([found[torch.from_numpy(labels) == c].mean(0) for c in range(6)])
            self.last.weight.data = 60 * means
            self.last.bias.data = -30 * (means**2).sum(1)
        return self


class Fully(nn.Module):
    """A fully connected network, which takes images of one size alone."""

    def __init__(self, size: int, classes: int = 6) -> None:
        super().__init__()
        self.last = nn.Linear(3 * size * size, classes)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.last(images.flatten(1))
        return logits


class Function(nn.Module):
    """A function of images as a network."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self._function = function

    def forward(self, images: Tensor) -> object:
        return self._function(images)


def save_program(
    network: nn.Module, path: Path, size: int = 64, batch: int | None = None, train: bool = False
) -> Path:
    """As ``torch.export.save`` writes it, for batches of any size, or of one."""
    network.train(train)
    images = torch.rand(batch or 2, 3, size, size)
    shapes = None if batch else ({0: torch.export.Dim("n", min=1)},)
    torch.export.save(torch.export.export(network, (images,), dynamic_shapes=shapes), path)
    return path


def save_script(network: nn.Module, path: Path) -> Path:
    """As ``torch.jit.script`` and ``save`` write it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is old
        torch.jit.script(network.eval()).save(str(path))
    return path


def save_trace(network: nn.Module, path: Path, size: int = 64) -> Path:
    """As ``torch.jit.trace`` and ``save`` write it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(network.eval(), torch.rand(1, 3, size, size)).save(str(path))
    return path


def save_state(network: nn.Module, path: Path) -> Path:
    """A state dict as ``torch.save`` writes it."""
    torch.save(network.state_dict(), path)
    return path

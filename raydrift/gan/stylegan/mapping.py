"""The network that maps a latent z, and a class, to the w that styles are made of."""

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from raydrift.gan.stylegan.layers import Drawn, FullyConnected, normalised

_PACE: Final = 0.01
_MEAN_RATE: Final = 0.005


class ClassMapping(nn.Module):
    """Maps a class to a vector, for the discriminator's projection.

    Args:
        classes: How many classes there are.
        length: Of the vector.
        layers: Fully connected layers after the embedding.
    """

    def __init__(self, classes: int, length: int, layers: int) -> None:
        super().__init__()
        self.classes = classes
        self.embedding = FullyConnected(classes, length)
        self.layers = _layers(length, length, layers)

    def forward(self, class_index: Tensor) -> Tensor:
        """Maps class numbers, int64 of shape (n,), to floats of shape (n, length)."""
        mapped: Tensor = self.layers(_embedded(self.embedding, class_index, self.classes))
        return mapped


class Mapping(Drawn):
    """Maps z to w by fully connected layers that are trained at a hundredth of the rate.

    z is divided by the root of its mean square. A class is a one-hot vector, mapped to the same
    length, divided likewise and put beside z.

    Args:
        latent: The length of z and w.
        layers: How many fully connected layers there are.
        classes: How many classes there are; 0: none are given.

    Attributes:
        w_avg: The running mean of w in the training, a buffer of shape (classes or 1, latent): with
            classes, each has its own, so that its mean image is one of that class.
    """

    w_avg: Tensor

    def __init__(self, latent: int, layers: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.embedding = FullyConnected(classes, latent) if classes else None
        self.layers = _layers(2 * latent if classes else latent, latent, layers)
        self.register_buffer("w_avg", torch.empty(max(classes, 1), latent))

    def draw(self, generator: torch.Generator | None) -> None:  # noqa: ARG002
        """The mean of w begins with 0; the layers draw their own weights."""
        self.w_avg.zero_()

    def forward(self, z: Tensor, class_index: Tensor | None = None) -> Tensor:
        """Maps latents.

        Args:
            z: Floats of shape (n, latent).
            class_index: Class numbers, int64 of shape (n,); None where there are no classes.

        Returns:
            w, floats of shape (n, latent).
        """
        rows = normalised(z)
        if self.embedding is not None:
            if class_index is None:
                raise ValueError("the network knows classes: give a class for each latent")
            embedded = _embedded(self.embedding, class_index, self.classes)
            rows = torch.cat([rows, embedded], dim=1)
        mapped: Tensor = self.layers(rows)
        return mapped

    def centre(self, class_index: Tensor | None) -> Tensor:
        """The running mean of w, for each of the classes given: shape (n or 1, latent)."""
        return self.w_avg if not self.classes else self.w_avg[class_index]

    def totals(self, w: Tensor, class_index: Tensor | None) -> Tensor:
        """Sums for ``follow``; those of several processes can be added.

        Args:
            w: Floats of shape (n, latent).
            class_index: Class numbers, int64 of shape (n,), or None.

        Returns:
            Of shape (classes or 1, latent + 1): the sum of w, and how many there were.
        """
        ones = torch.ones_like(w[:, :1])
        rows = torch.cat([w.detach(), ones], dim=1)
        if not self.classes or class_index is None:
            return rows.sum(dim=0, keepdim=True)
        return one_hot(class_index, self.classes).to(w.dtype).T @ rows

    @torch.no_grad()
    def follow(self, totals: Tensor) -> None:
        """Moves ``w_avg`` towards the mean of w in a batch, by 0.005 of the way."""
        sums, counts = totals[:, :-1], totals[:, -1:]
        seen = (counts > 0).to(sums.dtype)
        mean = sums / counts.clamp(min=torch.finfo(sums.dtype).tiny)
        self.w_avg += _MEAN_RATE * seen * (mean - self.w_avg)


def _layers(inputs: int, length: int, count: int) -> nn.Sequential:
    widths = [inputs, *[length] * count]
    pairs = pairwise(widths)
    return nn.Sequential(*(FullyConnected(*pair, active=True, pace=_PACE) for pair in pairs))


def _embedded(embedding: FullyConnected, class_index: Tensor, classes: int) -> Tensor:
    hot = one_hot(class_index, classes).to(embedding.weight.dtype)
    return normalised(embedding(hot))

"""A network whose weights are the running mean of those of a network in training."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class Averaged(Generic[Network]):
    """Exponential moving average of a network: what samples are made with.

    Args:
        network: The network in training; the average begins as a copy of it.

    Attributes:
        network: The average, in evaluation mode and without gradients.
    """

    def __init__(self, network: Network) -> None:
        self.network = deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: Network, images: int, half_life: float) -> None:
        """Moves the average towards the network; buffers are copied.

        Args:
            network: The network in training.
            images: Images that it was shown since the last update.
            half_life: After so many images a weight counts half; 0: the average is a copy.
        """
        share = 0.5 ** (images / half_life) if half_life > 0 else 0.0
        for mean, new in zip(self.network.parameters(), network.parameters(), strict=True):
            mean.copy_(new.lerp(mean, share))
        for own, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            own.copy_(buffer)

    def state_dict(self) -> dict[str, Tensor]:
        """The weights of the average."""
        return self.network.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes the weights of an average."""
        self.network.load_state_dict(state)

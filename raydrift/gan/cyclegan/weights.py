"""What the weights of the networks begin with."""

from collections.abc import Callable
from typing import Final, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)

_DEVIATION: Final = 0.02


def with_weights(make: Callable[[], Network], generator: torch.Generator | None) -> Network:
    """Makes a network whose weights are drawn from N(0, 0.02²) and whose biases are 0.

    Args:
        make: Makes the network. Nothing is drawn from the global generator.
        generator: Where weights are drawn from, on the CPU; None: weights are 0, for a network
            whose weights are loaded afterwards.
    """
    with torch.device("meta"):  # no memory, and none of torch's own draws
        network = make()
    network.to_empty(device="cpu")
    for parameter in network.parameters():
        if parameter.ndim > 1 and generator is not None:
            nn.init.normal_(parameter, 0.0, _DEVIATION, generator=generator)
        else:
            nn.init.zeros_(parameter)
    return network

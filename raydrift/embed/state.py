"""A ResNet18's parameters: read from a file of tensors, or drawn."""

import math
from io import BytesIO
from typing import Any

import torch
from torch import Tensor

from raydrift.embed.layers import RESNET18, Depths, convolutions
from raydrift.embed.weights import Weights
from raydrift.errors import WeightsError

State = dict[str, Tensor]
"""A state dict with torchvision's names, the last layer apart."""


def load_state(weights: Weights) -> State:
    """The parameters of a ResNet18.

    Random ones are drawn as torchvision draws them for training: He's normal weights, and batch
    normalisations that change nothing.

    Raises:
        WeightsError: The file is not a ResNet18 state dict.
    """
    return _drawn(weights.seed) if weights.data is None else _read(weights.name, weights.data)


def resnet18_shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of everything in a ResNet18's state dict, the last layer apart."""
    return resnet_shapes(RESNET18)


def resnet_shapes(depths: Depths) -> dict[str, tuple[int, ...]]:
    """Name and shape of everything in a ResNet's state dict, the last layer apart."""
    return {name: shape for one in convolutions(depths) for name, shape in one.shapes().items()}


def read_tensors(data: bytes) -> dict[Any, Any]:
    """What a file of ``torch.save`` holds, which is not unpickled beyond plain tensors.

    Raises:
        ValueError: It is not a file of plain tensors, or no dict; the text says which.
    """
    try:
        state: Any = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    except Exception:  # whatever a file of anything makes torch raise
        raise ValueError("it is not a file of plain tensors") from None
    if not isinstance(state, dict):
        raise ValueError(f"it holds a {type(state).__name__}")
    return state


def check_shapes(state: dict[Any, Any], wanted: dict[str, tuple[int, ...]], network: str) -> None:
    """Makes sure that a state dict is of a network.

    Args:
        state: The state dict.
        wanted: Name and shape of all that is in the network's.
        network: What the network is called.

    Raises:
        ValueError: Something is missing, of another shape, or not in the network.
    """
    for name, shape in wanted.items():
        found = getattr(state.get(name), "shape", None)
        if found is None and name.endswith("num_batches_tracked"):
            continue  # counts of training, absent in old files as in torchvision's
        if found is None:
            raise ValueError(f"{name} is missing")
        if tuple(found) != shape:
            raise ValueError(f"{name} has the shape {tuple(found)}, not {shape}")
    unknown = next((name for name in state if name not in wanted), None)
    if unknown is not None:
        raise ValueError(f"{unknown} is not in a {network}")


def _drawn(seed: int) -> State:
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in resnet18_shapes().items():
        if len(shape) == 4:
            deviation = math.sqrt(2 / (shape[0] * shape[2] * shape[3]))
            state[name] = torch.randn(shape, generator=generator) * deviation
        elif name.endswith(("running_mean", "bias")):
            state[name] = torch.zeros(shape)
        elif not name.endswith("num_batches_tracked"):
            state[name] = torch.ones(shape)
    return state


def _read(file: str, data: bytes) -> State:
    try:
        state = read_tensors(data)
        kept = {name: value for name, value in state.items() if not str(name).startswith("fc.")}
        check_shapes(kept, resnet18_shapes(), "ResNet18")
    except ValueError as error:
        raise WeightsError(f"weights {file!r}: not a ResNet18 state dict ({error})") from None
    return kept

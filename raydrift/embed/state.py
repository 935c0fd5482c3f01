"""A ResNet18's parameters: read from a file of tensors, or drawn."""

import math
from io import BytesIO
from typing import Any

import torch
from torch import Tensor

from raydrift.embed.layers import convolutions
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
    return {name: shape for one in convolutions() for name, shape in one.shapes().items()}


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
    wrong = f"weights {file!r}: not a ResNet18 state dict"
    try:
        state: Any = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    except Exception:  # whatever a file of anything makes torch raise
        raise WeightsError(f"{wrong} (it is not a file of plain tensors)") from None
    if not isinstance(state, dict):
        raise WeightsError(f"{wrong} (it holds a {type(state).__name__})")
    wanted = resnet18_shapes()
    kept = {name: value for name, value in state.items() if not str(name).startswith("fc.")}
    for name, shape in wanted.items():
        found = getattr(kept.get(name), "shape", None)
        if found is None and name.endswith("num_batches_tracked"):
            continue  # counts of training, absent in old files as in torchvision's
        if found is None:
            raise WeightsError(f"{wrong} ({name} is missing)")
        if tuple(found) != shape:
            raise WeightsError(f"{wrong} ({name} has the shape {tuple(found)}, not {shape})")
    unknown = next((name for name in kept if name not in wanted), None)
    if unknown is not None:
        raise WeightsError(f"{wrong} ({unknown} is not in a ResNet18)")
    return kept

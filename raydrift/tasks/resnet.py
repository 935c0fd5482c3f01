"""ResNet18 and ResNet34 with their last layer, from a state dict of torchvision."""

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, batch_norm, conv2d, linear, max_pool2d

from raydrift.embed.layers import RESNET18, RESNET34, STEM, Convolution, Depths, blocks
from raydrift.embed.state import State, check_shapes, read_tensors, resnet_shapes

DEPTHS: Final[Mapping[str, Depths]] = {"resnet18": RESNET18, "resnet34": RESNET34}
"""By the names that ``TaskSettings.model`` begins with."""

_TITLES: Final = {"resnet18": "ResNet18", "resnet34": "ResNet34"}


class ResNet:
    """A network that torchvision's classes of these names would be, in eval mode.

    Args:
        data: A file of ``torch.save`` with the state dict. It is not unpickled beyond tensors.
        architecture: ``resnet18`` or ``resnet34``.
        device: Where it runs.

    Raises:
        ValueError: The file is not such a state dict; the text says why.
    """

    def __init__(self, data: bytes, architecture: str, device: torch.device) -> None:
        self._blocks = blocks(DEPTHS[architecture])
        state = resnet_state(data, architecture)
        self._state = {name: value.to(device, torch.float32) for name, value in state.items()}

    def __call__(self, images: Tensor) -> Tensor:
        """From float32 of shape (n, 3, height, width) to logits of shape (n, classes)."""
        found = max_pool2d(self._convolved(STEM, images).relu_(), 3, 2, 1)
        for block in self._blocks:
            around = self._convolved(block.shortcut, found) if block.shortcut else found
            inner = self._convolved(block.first, found).relu_()
            found = self._convolved(block.second, inner).add_(around).relu_()
        pooled = adaptive_avg_pool2d(found, 1).flatten(1)
        return linear(pooled, self._state["fc.weight"], self._state["fc.bias"])

    def _convolved(self, layer: Convolution, images: Tensor) -> Tensor:
        """A convolution and its batch normalisation."""
        weight = self._state[f"{layer.name}.weight"]
        found = conv2d(images, weight, None, layer.stride, layer.padding)
        names = ("running_mean", "running_var", "weight", "bias")
        mean, variance, gain, bias = (self._state[f"{layer.norm}.{name}"] for name in names)
        return batch_norm(found, mean, variance, gain, bias)


def resnet_state(data: bytes, architecture: str) -> State:
    """The numbers of a state dict, but for counts of training.

    Args:
        data: A file of ``torch.save``. It is not unpickled beyond tensors.
        architecture: ``resnet18`` or ``resnet34``.

    Raises:
        ValueError: The file is not such a state dict; the text says why.
    """
    title = _TITLES[architecture]
    try:
        state = read_tensors(data)
        for other in DEPTHS.keys() - {architecture}:
            if _fits(state, other):
                raise ValueError(f"it is a {_TITLES[other]}'s: give {other}:PATH")
        last = tuple(getattr(state.get("fc.weight"), "shape", ()))
        if len(last) != 2:
            raise ValueError("fc.weight, the layer of the classes, is missing")
        check_shapes(state, _shapes(architecture, last[0]), title)
    except ValueError as error:
        raise ValueError(f"not a {title} state dict ({error})") from None
    return {name: value for name, value in state.items() if torch.is_floating_point(value)}


def _shapes(architecture: str, classes: int) -> dict[str, tuple[int, ...]]:
    return resnet_shapes(DEPTHS[architecture]) | {
        "fc.weight": (classes, 512),
        "fc.bias": (classes,),
    }


def _fits(state: dict[Any, Any], architecture: str) -> bool:
    """Whether the names are those of this network; counts of training may be absent."""
    counts = "num_batches_tracked"
    wanted = {name for name in _shapes(architecture, 1) if not name.endswith(counts)}
    return wanted == {name for name in state if not str(name).endswith(counts)}

"""A ResNet18 without its last layer, built for inference alone."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d

from raydrift.embed.layers import STEM, Convolution, blocks
from raydrift.embed.state import State

_EPSILON = 1e-5
"""The epsilon of a batch normalisation, as torch has it."""


class Network:
    """ResNet18 up to its last pooling.

    Each batch normalisation is folded into the convolution before it, and where oneDNN can do it
    (x86 CPUs), a convolution, what is added to it and its rectifier are one call on weights that
    lie as oneDNN wants them.

    Args:
        state: The parameters.
        scale: What each of the three channels of an image is multiplied by, of shape (3,); folded
            into the first convolution.
        device: Where it runs.
        kind: float32 or bfloat16.
        batch: How many images most calls have; others work too.
    """

    def __init__(
        self, state: State, scale: Tensor, device: torch.device, kind: torch.dtype, batch: int
    ) -> None:
        build = _OneDnn if _fuses(device, kind) else _Plain

        def built(layer: Convolution, scale: Tensor | None = None) -> _Convolving:
            weight, bias = _folded(state, layer, scale)
            return build(layer, weight.to(device, kind), bias.to(device, kind), batch)

        self._stem = built(STEM, scale)
        self._blocks = [
            (built(block.first), built(block.second), block.shortcut and built(block.shortcut))
            for block in blocks()
        ]

    def __call__(self, images: Tensor) -> Tensor:
        """Embeds images.

        Args:
            images: A tensor of the network's type and shape (n, 3, 224, 224), channels last in
                memory.

        Returns:
            float32 of shape (n, 512).
        """
        found = max_pool2d(self._stem.rectified(images), 3, 2, 1)
        for first, second, shortcut in self._blocks:
            around = shortcut.plain(found) if shortcut else found
            found = second.added(first.rectified(found), around)
        return found.mean((2, 3), dtype=torch.float32)


class _Convolving(Protocol):
    """A convolution in each of its three places."""

    def plain(self, images: Tensor) -> Tensor: ...

    def rectified(self, images: Tensor) -> Tensor: ...

    def added(self, images: Tensor, other: Tensor) -> Tensor:
        """Added to ``other``, whose memory may be taken, then rectified."""
        ...


class _Plain:
    def __init__(self, layer: Convolution, weight: Tensor, bias: Tensor, _batch: int) -> None:
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias = bias
        self._layer = layer

    def plain(self, images: Tensor) -> Tensor:
        stride, padding = self._layer.stride, self._layer.padding
        return conv2d(images, self._weight, self._bias, stride, padding)

    def rectified(self, images: Tensor) -> Tensor:
        return self.plain(images).relu_()

    def added(self, images: Tensor, other: Tensor) -> Tensor:
        return self.plain(images).add_(other).relu_()


class _OneDnn:
    """By the operators that ``torch.compile`` uses on CPUs, without its need of a compiler."""

    def __init__(self, layer: Convolution, weight: Tensor, bias: Tensor, batch: int) -> None:
        stride, padding = [layer.stride] * 2, [layer.padding] * 2
        shape = [batch, layer.inputs, layer.size, layer.size]
        reorder: Callable[..., Tensor] = torch.ops.mkldnn._reorder_convolution_weight
        self._weight = reorder(weight, padding, stride, [1, 1], 1, shape)
        self._how = (bias, padding, stride, [1, 1], 1)

    def plain(self, images: Tensor) -> Tensor:
        return self._run(images, "none")

    def rectified(self, images: Tensor) -> Tensor:
        return self._run(images, "relu")

    def added(self, images: Tensor, other: Tensor) -> Tensor:
        run: Callable[..., Tensor] = torch.ops.mkldnn._convolution_pointwise_
        return run(other, images, self._weight, *self._how, "add", 1.0, "relu", [], "")

    def _run(self, images: Tensor, then: str) -> Tensor:
        run: Callable[..., Tensor] = torch.ops.mkldnn._convolution_pointwise
        return run(images, self._weight, *self._how, then, [], "")


def _fuses(device: torch.device, kind: torch.dtype) -> bool:
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if torch.cpu.get_capabilities()["architecture"] != "x86_64":
        return False
    try:
        if kind == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return False
        _try_out(kind)
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


def _try_out(kind: torch.dtype) -> None:
    """Calls each operator once: they are not public, another torch may lack or refuse them."""
    layer = Convolution("", "", inputs=8, outputs=8, kernel=3, stride=1, size=8)
    weight, bias = torch.zeros((8, 8, 3, 3), dtype=kind), torch.zeros(8, dtype=kind)
    images = torch.zeros((1, 8, 8, 8), dtype=kind).contiguous(memory_format=torch.channels_last)
    probe = _OneDnn(layer, weight, bias, 1)
    probe.added(probe.rectified(probe.plain(images)), images)


def _folded(state: State, layer: Convolution, scale: Tensor | None) -> tuple[Tensor, Tensor]:
    """Weight and bias in float64."""
    weight = state[f"{layer.name}.weight"].double()
    names = ("weight", "bias", "running_mean", "running_var")
    gain, bias, mean, variance = (state[f"{layer.norm}.{name}"].double() for name in names)
    factor = gain / (variance + _EPSILON).sqrt()
    weight = weight * factor.view(-1, 1, 1, 1)
    if scale is not None:
        weight = weight * scale.view(1, -1, 1, 1)
    return weight, bias - mean * factor

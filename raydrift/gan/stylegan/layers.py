"""Layers whose weights are scaled where they are used, and the filter that halves and doubles.

All weights are drawn from N(0, 1) and multiplied by 1 / sqrt(fan in) at run time, so that Adam
moves all layers at the same pace (Karras et al. 2018, "Progressive growing of GANs", 4.1).
"""

from collections.abc import Callable
from math import sqrt
from typing import Final, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu, linear

Network = TypeVar("Network", bound=nn.Module)

_TAPS: Final = (1.0, 3.0, 3.0, 1.0)


class Drawn(nn.Module):
    """A layer whose parameters are drawn from a generator that is given."""

    def draw(self, generator: torch.Generator | None) -> None:
        """Draws the parameters anew.

        Args:
            generator: On the CPU; None: what would be drawn is 0.
        """
        raise NotImplementedError


def with_weights(make: Callable[[], Network], generator: torch.Generator | None) -> Network:
    """Makes a network whose layers draw their parameters one after the other.

    Args:
        make: Makes the network.
        generator: Where its parameters are drawn from, on the CPU; None: they are 0, for a network
            whose weights are loaded afterwards.
    """
    with torch.device("meta"):  # no memory before the weights are drawn
        network = make()
    network.to_empty(device="cpu")
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, Drawn):
                layer.draw(generator)
    return network


def draw_normal(values: Tensor, generator: torch.Generator | None, deviation: float = 1.0) -> None:
    """Fills a tensor from N(0, deviation²), or with 0 without a generator."""
    if generator is None:
        values.zero_()
    else:
        values.normal_(0.0, deviation, generator=generator)


def lrelu(inside: Tensor) -> Tensor:
    """Leaky ReLU of slope 0.2, times sqrt(2), which keeps the variance."""
    return leaky_relu(inside, 0.2) * sqrt(2)


def normalised(rows: Tensor) -> Tensor:
    """Rows of shape (n, d), each divided by the root of its mean square."""
    return rows * (rows.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


class FullyConnected(Drawn):
    """A linear layer with scaled weights.

    Args:
        inputs: Numbers that come in.
        outputs: Numbers that go out.
        active: Whether ``lrelu`` follows.
        bias: What the bias begins with.
        pace: The share of the learning rate that the layer is trained with.
    """

    def __init__(
        self, inputs: int, outputs: int, active: bool = False, bias: float = 0.0, pace: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))
        self._active = active
        self._first_bias = bias
        self._pace = pace

    def draw(self, generator: torch.Generator | None) -> None:
        """Draws the weights; the bias begins with one value."""
        draw_normal(self.weight, generator, 1 / self._pace)
        self.bias.fill_(self._first_bias / self._pace)

    def forward(self, rows: Tensor) -> Tensor:
        """Maps float rows of shape (n, inputs) to (n, outputs)."""
        weight = self.weight * (self._pace / sqrt(self.weight.shape[1]))
        result = linear(rows, weight, self.bias * self._pace)
        return lrelu(result) if self._active else result


class Convolution(Drawn):
    """A convolution with scaled weights, which may halve the size.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        kernel: Height and width of the kernel, odd.
        halve: Whether the size is halved: the filter first, then a stride of 2.
        active: Whether a bias is added and ``lrelu`` follows.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, halve: bool = False, active: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(outputs)) if active else None
        self._halve = halve

    def draw(self, generator: torch.Generator | None) -> None:
        """Draws the weights; the bias begins with 0."""
        draw_normal(self.weight, generator)
        if self.bias is not None:
            self.bias.zero_()

    def forward(self, inside: Tensor) -> Tensor:
        """Maps floats of shape (n, inputs, h, w) to (n, outputs, h or h / 2, …)."""
        kernel = self.weight.shape[-1]
        weight = self.weight * (1 / sqrt(self.weight[0].numel()))
        if not self._halve:
            result = conv2d(inside, weight, self.bias, padding=kernel // 2)
        elif kernel == 1:
            result = conv2d(smooth(inside, 1, stride=2), weight, self.bias)
        else:
            result = conv2d(smooth(inside, kernel // 2 + 1), weight, self.bias, stride=2)
        return result if self.bias is None else lrelu(result)


def smooth(inside: Tensor, padding: int, stride: int = 1, gain: float = 1.0) -> Tensor:
    """Every channel by itself with the filter [1, 3, 3, 1] / 8 in both directions.

    Args:
        inside: Floats of shape (n, channels, h, w).
        padding: Zeros on all sides.
        stride: Pixels from one result to the next.
        gain: What the result is multiplied by.

    Returns:
        Of shape (n, channels, (h + 2 padding - 4) / stride + 1, …).
    """
    channels = inside.shape[1]
    return conv2d(inside, _kernel(inside, gain), stride=stride, padding=padding, groups=channels)


def double_image(image: Tensor) -> Tensor:
    """Twice the size: zeros between the pixels, then the filter with a gain of 4.

    Inside it is bilinear interpolation; outside the image is 0.

    Args:
        image: Floats of shape (n, channels, h, w).

    Returns:
        Of shape (n, channels, 2h, 2w).
    """
    channels = image.shape[1]
    return conv_transpose2d(image, _kernel(image, 4.0), stride=2, padding=1, groups=channels)


def _kernel(inside: Tensor, gain: float) -> Tensor:
    """The filter, once for each channel."""
    taps = torch.tensor(_TAPS, dtype=inside.dtype, device=inside.device)
    kernel = taps[:, None] * taps[None, :] * (gain / 64)
    return kernel.expand(inside.shape[1], 1, 4, 4)

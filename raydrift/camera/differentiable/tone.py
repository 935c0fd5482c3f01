"""Tone: from linear light to pixels, by a power whose gradients are finite everywhere."""

from typing import Any, Final

import torch
from torch import Tensor

DARKEST: Final = 1e-5
"""The linear value below which a power is as steep as there: at 0 it would be infinitely steep.

The published pipeline takes all darker values for this one."""


def clipped(values: Tensor, least: float, most: float) -> Tensor:
    """Cuts values off; one that lies exactly on a bound keeps its gradient.

    ``torch.clip`` gives such a value the gradient 1 in torch 1.8 and 0 in 2.15. Saturated pixels
    lie there, and they are to move when there is a way.
    """
    values = torch.where(values < least, least, values)
    return torch.where(values > most, most, values)


def encoded(linear: Tensor, gamma: Tensor) -> Tensor:
    """clip(x, 0, 1) ** (1/gamma).

    The gradient by x is the power's own from a linear value of ``DARKEST`` on; from there to 0 it
    is that of ``DARKEST``, and outside [0, 1] it is 0. That by gamma is the power's own.

    Args:
        linear: float32 or float64, (n, 3, height, width), any values.
        gamma: Above 0, (n,) or (1,).
    """
    found: Tensor = _Power.apply(linear, gamma)
    return found


class _Power(torch.autograd.Function):
    """The power, with the slope that ``encoded`` tells of."""

    @staticmethod
    def forward(ctx: Any, linear: Tensor, gamma: Tensor) -> Tensor:
        """The power; linear values, pixels and gamma are kept."""
        exponent = 1 / gamma.reshape(-1, 1, 1, 1)
        pixels = linear.clamp(0, 1).pow_(exponent)
        ctx.save_for_backward(linear, gamma, pixels)
        return pixels

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Y = x^p: p·x^(p-1) by x, and -y·ln(x)·p² by gamma."""
        linear, gamma, pixels = ctx.saved_tensors
        exponent = 1 / gamma.reshape(-1, 1, 1, 1)
        by_linear = by_gamma = None
        if ctx.needs_input_grad[0]:
            inside = (linear >= 0) & (linear <= 1)
            slope = linear.clamp(DARKEST, 1).pow_(exponent - 1).mul_(exponent)
            by_linear = slope.mul_(gradient).mul_(inside)
        if ctx.needs_input_grad[1]:
            tiny = torch.finfo(linear.dtype).tiny  # where pixels are 0
            each = linear.clamp(tiny, 1).log_().mul_(pixels).mul_(gradient)
            of_images = each.sum((1, 2, 3)) * -(exponent.flatten() ** 2)
            by_gamma = of_images.sum_to_size(gamma.shape)
        return by_linear, by_gamma

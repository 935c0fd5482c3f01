"""How the weights are moved: Adam for losses of which some are not taken at every step."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_LARGEST = 1e5


def lazy_adam(network: nn.Module, rate: float, interval: int | None) -> torch.optim.Adam:
    """Adam with betas 0 and 0.99, corrected for a penalty that has steps of its own.

    With a penalty at every k-th step, k + 1 steps are taken instead of k: rate and betas are those
    whose effect is the same, rate · k / (k + 1) and beta^(k / (k + 1)) (Karras et al. 2020, B).

    Args:
        network: Whose parameters are moved.
        rate: The learning rate.
        interval: k; None: there is no such penalty.
    """
    betas = (0.0, 0.99 ** _share(interval))
    return torch.optim.Adam(
        network.parameters(), lr=lazy_rate(rate, interval), betas=betas, eps=1e-8
    )


def lazy_rate(rate: float, interval: int | None) -> float:
    """The learning rate of ``lazy_adam``."""
    return rate * _share(interval)


def clean_gradients(parameters: Iterable[nn.Parameter]) -> Tensor:
    """Makes all gradients finite: nan is 0 then, infinity 1e5.

    Returns:
        How many numbers were not finite, int64 without a dimension; nothing waits for it.
    """
    gradients = [one.grad for one in parameters if one.grad is not None]
    counts = [gradient.isfinite().logical_not().sum() for gradient in gradients]
    for gradient in gradients:
        torch.nan_to_num_(gradient, nan=0.0, posinf=_LARGEST, neginf=-_LARGEST)
    return torch.stack(counts).sum()


def _share(interval: int | None) -> float:
    return 1.0 if interval is None else interval / (interval + 1)

"""What keeps a camera near the reference, for those who compare with the paper."""

from collections.abc import Callable

from torch import Tensor

from raydrift.camera.differentiable import l2_loss, ssim_loss
from raydrift.settings.forensics import SearchSettings


def penalty_of(search: SearchSettings) -> Callable[[Tensor, Tensor], Tensor] | None:
    """What is taken off the loss that is climbed; None: nothing.

    Args:
        search: Say which distance, by how much it is multiplied, and whether it is as published.

    Returns:
        A function of the reference camera's pictures and of a drifted one's, both in [0, 1] of
        shape (n, 3, height, width).

    >>> import torch
    >>> far = penalty_of(SearchSettings(penalty="l2", penalty_weight=2.0))
    >>> far(torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.5)).item()
    0.5
    """
    if not search.has_penalty:
        return None
    distance = l2_loss if search.penalty == "l2" else ssim_loss

    def penalty(reference: Tensor, drifted: Tensor) -> Tensor:
        return search.penalty_weight * distance(reference, drifted, search.compat)

    return penalty

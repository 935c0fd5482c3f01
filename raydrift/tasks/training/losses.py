"""What is made small in a training."""

from collections.abc import Callable
from typing import Final

from torch import Tensor
from torch.nn.functional import cross_entropy

Loss = Callable[[Tensor, Tensor], Tensor]
"""From what a network answers, and what is right, to one number."""

_SMALLEST: Final = 1e-7


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy, the mean of the images, nats.

    Args:
        logits: float32 of shape (n, classes).
        labels: int64 of shape (n,).
    """
    return cross_entropy(logits, labels)


def dice_loss(logits: Tensor, masks: Tensor, counted: Tensor | None = None) -> Tensor:
    """One less the Dice coefficient of the sigmoids and the masks, of all pixels of the batch.

    Where no mask has a pixel there is nothing to overlap: the loss is 0, and nothing is learned.

    Milletari, Navab and Ahmadi, "V-Net", 3DV 2016.

    Args:
        logits: float32 of shape (n, 1, height, width).
        masks: 0 or 1, float32 of the same shape.
        counted: Which pixels count, bool of the same shape; None: all.

    >>> import torch
    >>> masks = torch.tensor([[[[1.0, 0.0]]]])
    >>> round(float(dice_loss(torch.tensor([[[[9.0, -9.0]]]]), masks)), 3)
    0.0
    """
    found = logits.sigmoid()
    if counted is not None:
        found, masks = found * counted, masks * counted
    overlap, both = (found * masks).sum(), (found + masks).sum()
    return (1 - 2 * overlap / both.clamp_min(_SMALLEST)) * (masks.sum() > 0)

"""How wrong a model is, as a number with gradients."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

_NOWHERE: Final = -100
"""What ``cross_entropy`` leaves out."""

_SMALLEST: Final = 1e-7

Loss = Callable[[Tensor, Tensor], Tensor]
"""From what a network answers, and what is right, to one number."""


def mean_loss(
    logits: Tensor, labels: Tensor, masks: Tensor | None = None, ignore: int | None = None
) -> Tensor:
    """The mean cross entropy of some images, nats.

    Args:
        logits: float32 of shape (n, classes); or of a model that answers for each pixel
            (n, channels, height, width), of which a single one is the foreground.
        labels: What is right, int64 of shape (n,).
        masks: The class of each pixel, integers of shape (n, height, width).
        ignore: Pixels that the masks call so do not count; None: all do.

    >>> round(mean_loss(torch.zeros(1, 4), torch.tensor([2])).item(), 3)  # the log of 4
    1.386
    """
    if logits.ndim != 4 or masks is None:
        return cross_entropy(logits, labels)
    right, counted = _counted(masks, ignore)
    if logits.shape[1] == 1:
        losses = binary_cross_entropy_with_logits(
            logits[:, 0], (right != 0).to(logits), reduction="none"
        )
        return (losses * counted).sum() / counted.sum().clamp(min=1)
    right = torch.where(counted, right, _NOWHERE)
    total = cross_entropy(logits, right, ignore_index=_NOWHERE, reduction="sum")
    return total / counted.sum().clamp(min=1)


def mean_error(
    logits: Tensor, labels: Tensor, masks: Tensor | None = None, ignore: int | None = None
) -> Tensor:
    """The mean probability that is given to what is wrong: nearer to 1 - accuracy than a loss is.

    What is as good as wrong already adds no slope, and what is in between adds most.

    Args:
        logits: As for ``mean_loss``.
        labels: As there.
        masks: As there.
        ignore: As there.

    >>> mean_error(torch.zeros(1, 4), torch.tensor([2])).item()
    0.75
    """
    if logits.ndim != 4 or masks is None:
        return 1 - logits.softmax(1).gather(1, labels[:, None]).mean()
    right, counted = _counted(masks, ignore)
    if logits.shape[1] == 1:
        there = logits[:, 0].sigmoid()
        wrong = torch.where(right != 0, 1 - there, there)
    else:
        places = torch.where(counted, right, 0)
        wrong = 1 - logits.softmax(1).gather(1, places[:, None])[:, 0]
    return (wrong * counted).sum() / counted.sum().clamp(min=1)


def dice_loss(logits: Tensor, masks: Tensor, counted: Tensor | None = None) -> Tensor:
    """One less the Dice coefficient of the sigmoids and the masks, of all pixels of the batch.

    Where no mask has a pixel there is nothing to overlap: the loss is 0, and nothing is learned.

    Milletari, Navab and Ahmadi, "V-Net", 3DV 2016.

    Args:
        logits: float32 of shape (n, 1, height, width).
        masks: 0 or 1, float32 of the same shape.
        counted: Which pixels count, bool of the same shape; None: all.

    >>> masks = torch.tensor([[[[1.0, 0.0]]]])
    >>> round(float(dice_loss(torch.tensor([[[[9.0, -9.0]]]]), masks)), 3)
    0.0
    """
    found = logits.sigmoid()
    if counted is not None:
        found, masks = found * counted, masks * counted
    overlap, both = (found * masks).sum(), (found + masks).sum()
    return (1 - 2 * overlap / both.clamp_min(_SMALLEST)) * (masks.sum() > 0)


def _counted(masks: Tensor, ignore: int | None) -> tuple[Tensor, Tensor]:
    """What is right of each pixel, and whether it counts."""
    right = masks.to(torch.int64)
    return right, torch.ones_like(right, dtype=torch.bool) if ignore is None else right != ignore

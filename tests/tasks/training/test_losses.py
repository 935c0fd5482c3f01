"""The losses, held against those of another library."""

import pytest
import torch
from segmentation_models_pytorch.losses import DiceLoss

from raydrift.tasks.training.losses import dice_loss


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_dice_is_that_of_the_published_training(share: float) -> None:
    drawn = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(4, 1, 8, 8, generator=drawn)
    masks = (torch.rand(4, 1, 8, 8, generator=drawn) < share).float()
    wanted = DiceLoss("binary")(logits, masks)
    torch.testing.assert_close(dice_loss(logits, masks), wanted, rtol=1e-5, atol=1e-6)

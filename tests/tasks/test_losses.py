"""Losses of models for images and for pixels, held against numbers by hand."""

import pytest
import torch
from segmentation_models_pytorch.losses import DiceLoss

from raydrift.tasks.losses import dice_loss, mean_error, mean_loss

LOGITS = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
LABELS = torch.tensor([0, 0])


def test_images_by_hand() -> None:
    right = torch.tensor([2.0, -1.0]).sigmoid()  # the softmax of two is the sigmoid of what is more
    assert mean_loss(LOGITS, LABELS).item() == pytest.approx(-right.log().mean().item())
    assert mean_error(LOGITS, LABELS).item() == pytest.approx(1 - right.mean().item())


def test_pixels_are_images_side_by_side() -> None:
    """With a channel a class; those to ignore are as good as not there."""
    pixels = torch.stack([LOGITS[0], LOGITS[1], torch.zeros(2)], dim=1)[None, :, None]
    masks = torch.tensor([[[0, 0, 255]]], dtype=torch.uint8)
    for measure in (mean_loss, mean_error):
        alone = measure(LOGITS, LABELS)
        assert measure(pixels, LABELS[:1], masks, 255).item() == pytest.approx(alone.item())


def test_one_channel_is_the_foreground() -> None:
    foreground = torch.tensor([[[[2.0, 1.0, 0.0]]]])
    masks = torch.tensor([[[7, 0, 255]]], dtype=torch.uint8)
    for measure in (mean_loss, mean_error):
        alone = measure(LOGITS, LABELS)
        assert measure(foreground, LABELS[:1], masks, 255).item() == pytest.approx(alone.item())


@pytest.mark.parametrize("measure", [mean_loss, mean_error])
def test_where_no_pixel_counts_there_is_no_loss(measure: object) -> None:
    masks = torch.full((1, 2, 2), 255, dtype=torch.uint8)
    for channels in (1, 3):
        logits = torch.zeros(1, channels, 2, 2, requires_grad=True)
        loss = measure(logits, LABELS[:1], masks, 255)  # type: ignore[operator]
        loss.backward()
        assert loss.item() == 0
        assert logits.grad is not None
        assert not logits.grad.any()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_dice_is_that_of_the_published_training(share: float) -> None:
    drawn = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(4, 1, 8, 8, generator=drawn)
    masks = (torch.rand(4, 1, 8, 8, generator=drawn) < share).float()
    wanted = DiceLoss("binary")(logits, masks)
    torch.testing.assert_close(dice_loss(logits, masks), wanted, rtol=1e-5, atol=1e-6)


def test_dice_leaves_out_what_does_not_count() -> None:
    drawn = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(1, 1, 4, 8, generator=drawn)
    masks = (torch.rand(1, 1, 4, 8, generator=drawn) < 0.5).float()
    counted = torch.ones_like(masks, dtype=torch.bool)
    counted[..., 4:] = False
    found, wanted = dice_loss(logits, masks, counted), dice_loss(logits[..., :4], masks[..., :4])
    torch.testing.assert_close(found, wanted)

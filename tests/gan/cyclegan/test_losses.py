"""Each loss by hand."""

import pytest
import torch

from raydrift.gan.cyclegan.losses import (
    adversarial_loss,
    cycle_loss,
    discriminator_loss,
    identity_loss,
)

IMAGES = torch.tensor([0.0, 0.5, -1.0, 1.0])
OTHERS = torch.tensor([0.5, 0.5, 0.0, 0.5])  # 0.5, 0, 1 and 0.5 away


def test_translated_images_are_to_score_one() -> None:
    assert adversarial_loss(torch.tensor([[1.0, 0.0], [3.0, 0.5]])).item() == 5.25 / 4
    assert adversarial_loss(torch.ones(2, 1, 6, 6)).item() == 0


def test_a_discriminator_is_to_score_real_images_one_and_translated_ones_zero() -> None:
    real, translated = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0])
    assert discriminator_loss(real, translated).item() == (0.5 + 2) / 2
    assert discriminator_loss(torch.full((4,), 0.5), torch.full((4,), 0.5)).item() == 0.25


def test_a_cycle_is_to_return() -> None:
    assert cycle_loss(IMAGES, OTHERS, 10).item() == 5
    assert cycle_loss(IMAGES, IMAGES, 10).item() == 0


def test_the_weight_of_the_identity_is_a_share_of_that_of_the_cycle() -> None:
    assert identity_loss(IMAGES, OTHERS, 10, 0.5).item() == 2.5
    assert identity_loss(IMAGES, OTHERS, 4, 0.25).item() == pytest.approx(0.5)

"""The losses, where they have a closed form."""

from math import log

import pytest
import torch
from torch import Tensor

from raydrift.gan.stylegan.losses import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    path_lengths,
    path_penalty,
)


def normal(*shape: int, seed: int = 1) -> Tensor:
    drawn = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=drawn, dtype=torch.float64)


def test_scores_of_0_cost_a_logarithm_of_2_each() -> None:
    nothing = torch.zeros(4)
    assert generator_loss(nothing).item() == pytest.approx(log(2))
    assert discriminator_loss(nothing, nothing).item() == pytest.approx(2 * log(2))


def test_the_logistic_losses() -> None:
    real, fake = normal(5), normal(5, seed=2)
    wanted = -(fake.sigmoid().log()).mean()
    torch.testing.assert_close(generator_loss(fake), wanted)
    wanted = -(real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean())
    torch.testing.assert_close(discriminator_loss(real, fake), wanted)
    assert generator_loss(torch.tensor([-1e4])).item() == 1e4  # no overflow


def test_r1_of_a_linear_discriminator_is_the_square_of_its_weights() -> None:
    weight = normal(3, 4, 4).requires_grad_(True)
    images = normal(2, 3, 4, 4).requires_grad_(True)
    penalty = gradient_penalty((images * weight).sum(dim=(1, 2, 3)), images)
    torch.testing.assert_close(penalty, weight.square().sum())
    penalty.backward()
    torch.testing.assert_close(weight.grad, 2 * weight.detach())


def test_r1_is_taken_before_the_augmentation() -> None:
    """A discriminator behind a contrast of 3 has a gradient 3 times as large."""
    weight = normal(3, 4, 4)
    images = normal(2, 3, 4, 4).requires_grad_(True)
    penalty = gradient_penalty((3 * images * weight).sum(dim=(1, 2, 3)), images)
    torch.testing.assert_close(penalty, 9 * weight.square().sum())


def test_r1_of_a_square_depends_on_the_images() -> None:
    images = normal(3, 1, 2, 2).requires_grad_(True)
    penalty = gradient_penalty(images.square().sum(dim=(1, 2, 3)), images)
    wanted = 4 * images.detach().square().sum(dim=(1, 2, 3)).mean()
    torch.testing.assert_close(penalty, wanted)


def test_path_length_of_a_linear_map() -> None:
    """image = sum over places of M_p w_p: the gradients are the M_pᵀ y / sqrt(pixels)."""
    maps = normal(2, 3 * 4 * 4, 5).requires_grad_(True)
    styles = normal(6, 2, 5, seed=2).requires_grad_(True)
    noise = normal(6, 3, 4, 4, seed=3)
    images = torch.einsum("pik,npk->ni", maps, styles).view(6, 3, 4, 4)
    lengths = path_lengths(images, styles, noise)
    gradients = torch.einsum("pik,ni->npk", maps, noise.flatten(1)) / 4
    torch.testing.assert_close(lengths, (gradients.square().sum(dim=(1, 2)) / 2).sqrt())
    path_penalty(lengths, torch.tensor(1.0, dtype=torch.float64)).backward()
    assert maps.grad is not None
    assert maps.grad.abs().min() > 0


def test_the_path_penalty_has_no_gradient_for_the_mean() -> None:
    lengths = torch.tensor([1.0, 3.0], requires_grad=True)
    mean = torch.tensor(2.5, requires_grad=True)
    penalty = path_penalty(lengths, mean)
    assert penalty.item() == pytest.approx((1.5**2 + 0.5**2) / 2)
    penalty.backward()
    assert mean.grad is None
    assert lengths.grad is not None
    assert lengths.grad.tolist() == [-1.5, 0.5]

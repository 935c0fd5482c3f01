"""The chance of augmentation follows the signs of real images' scores."""

import io

import pytest
import torch

from raydrift.gan.adaptive.control import AugmentationControl
from raydrift.gan.replicas import Replicas


def control(target: float = 0.6, kimg: float = 1) -> AugmentationControl:
    """Of batches of 10 images: 4 steps move the chance by 0.04."""
    return AugmentationControl(target, kimg, 10, Replicas())


def see(control: AugmentationControl, *signs: float) -> None:
    """Shows a step's scores for every mean sign, in tenths."""
    for sign in signs:
        positive = round((sign + 1) * 5)
        control.see(torch.tensor([0.1] * positive + [-3.0] * (10 - positive)))


def test_the_chance_rises_when_the_discriminator_knows_the_images() -> None:
    made = control()
    see(made, 1, 1, 1)
    assert made.chance == 0  # nothing before the fourth step
    see(made, 0.6)
    assert (made.sign, made.chance) == (pytest.approx(0.9), pytest.approx(0.04))
    see(made, 0.2, 1, 1, 0.6)  # 0.7
    assert made.chance == pytest.approx(0.08)


def test_it_falls_when_it_does_not_and_stays_in_0_to_1() -> None:
    made = control()
    see(made, *[1] * 200)
    assert made.chance == 1
    see(made, *[0.4] * 4)
    assert made.chance == pytest.approx(0.96)
    see(made, *[-1] * 400)
    assert made.chance == 0


def test_at_the_target_it_stays() -> None:
    made = control(target=0)
    see(made, 1, -1, 1, -1)
    assert (made.sign, made.chance) == (0, 0)


def test_a_saved_state_goes_on_between_two_moves() -> None:
    whole, first, second = control(), control(), control()
    see(whole, 1, 1, 0.2, 0)
    see(first, 1, 1)
    file = io.BytesIO()
    torch.save(first.state(), file)
    file.seek(0)
    second.load_state(torch.load(file, weights_only=True))
    see(second, 0.2, 0)
    assert (second.chance, second.sign) == (whole.chance, whole.sign)

"""Augmentation: known operations do what their names say, and nothing else happens."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from raydrift.gan.adaptive.geometry import inverse_geometry, warp
from raydrift.gan.adaptive.parameters import (
    Augmentations,
    draw_augmentations,
    no_augmentations,
)
from raydrift.gan.adaptive.pipeline import augment


def noise(count: int = 2, channels: int = 3, height: int = 16, width: int = 16) -> Tensor:
    drawn = torch.Generator().manual_seed(0)
    shape = (count, channels, height, width)
    return torch.rand(shape, generator=drawn, dtype=torch.float64) * 2 - 1


def blurred(images: Tensor) -> Tensor:
    return avg_pool2d(pad(images, (2, 2, 2, 2), mode="reflect"), 5, 1)


def one(count: int = 2, **given: float | tuple[float, float]) -> Augmentations:
    """Only what is given, for all images."""
    values = {
        name: torch.tensor(value, dtype=torch.float64).expand(count, *np.shape(value))
        for name, value in given.items()
    }
    return replace(no_augmentations(count), **values)


def drawn(count: int, chance: float, kinds: str = "bgc", seed: int = 1) -> Augmentations:
    return draw_augmentations(count, chance, kinds, torch.Generator().manual_seed(seed))


def test_nothing_changes_without_a_chance() -> None:
    images = noise(8)
    assert augment(images, drawn(8, 0.0)) is images
    assert augment(images, drawn(8, 1.0, "none")) is images


@pytest.mark.parametrize(("height", "width"), [(8, 8), (64, 64), (32, 16)])
def test_resampling_at_the_same_places_changes_nothing(height: int, width: int) -> None:
    images = noise(2, 3, height, width)
    same = inverse_geometry(no_augmentations(2), height, width)
    assert (warp(images, same) - images).abs().max() < 1e-11
    smooth = blurred(images).float()
    assert (warp(smooth[:, :, :16, :16], same) - smooth[:, :, :16, :16]).abs().max() < 1e-6


def test_a_mirror_and_quarter_turns_move_pixels() -> None:
    images = noise()
    assert torch.equal(augment(images, one(mirror=1)), images.flip(3))
    for turns in (1, 2, 3):
        turned = torch.rot90(images, turns, (2, 3))
        assert torch.equal(augment(images, one(quarter_turns=turns)), turned)
    both = torch.rot90(images.flip(3), 1, (2, 3))
    assert torch.equal(augment(images, one(mirror=1, quarter_turns=1)), both)


def test_a_shift_is_of_whole_pixels_and_reflects_the_border() -> None:
    images = noise()
    moved = augment(images, one(shift=(0.12, -0.07)))  # 1.92 pixels and 1.12 pixels
    rolled = images.roll((2, -1), (3, 2))
    assert torch.equal(moved[:, :, :-1, 2:], rolled[:, :, :-1, 2:])
    assert torch.equal(moved[:, :, :-1, 1], images[:, :, 1:, 1])  # column -1 is column 1
    assert torch.equal(moved[:, :, -1, 2:], images[:, :, -2, :-2])


def test_resampling_agrees_with_moved_pixels() -> None:
    images = blurred(noise(1))
    for known in (one(1, mirror=1), one(1, quarter_turns=1), one(1, quarter_turns=3)):
        resampled = warp(images, inverse_geometry(known, 16, 16))
        assert (resampled - augment(images, known)).abs().max() < 0.05
    shifted = one(1, shift=(0.125, -0.125))
    assert (
        warp(images, inverse_geometry(shifted, 16, 16)) - augment(images, shifted)
    ).abs().max() < 1e-11


def waves(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Places in pixels from the centre: to the right and down."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) - (height - 1) / 2,
        torch.arange(width, dtype=torch.float64) - (width - 1) / 2,
        indexing="ij",
    )
    return x, y


def hill(x: Tensor, y: Tensor) -> Tensor:
    """A smooth hill beside the centre that is no hill at the border."""
    return torch.exp(-((x - 4) ** 2 / 40 + (y + 2) ** 2 / 15))[None, None]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"scale": 1.3}, lambda x, y: (x / 1.3, y / 1.3)),
        ({"stretch": 0.8}, lambda x, y: (x / 0.8, y * 0.8)),
        ({"fine_shift": (0.04, 0.1)}, lambda x, y: (x - 0.04 * 64, y - 0.1 * 32)),
        ({"first_turn": 0.5}, lambda x, y: (x * C - y * S, x * S + y * C)),
        ({"second_turn": 0.5}, lambda x, y: (x * C - y * S, x * S + y * C)),
        (  # what is done last is undone first
            {"scale": 1.3, "fine_shift": (0.04, 0.1)},
            lambda x, y: ((x - 0.04 * 64) / 1.3, (y - 0.1 * 32) / 1.3),
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_geometry_moves_a_hill_where_it_says(given: dict[str, float], source: object) -> None:
    """Counter-clockwise to the eye: a hill to the right goes up, to smaller y."""
    x, y = waves(32, 64)
    moved = augment(hill(x, y), one(1, **given))
    assert callable(source)
    assert (moved - hill(*source(x, y))).abs().max() < 0.02


C, S = np.cos(0.5), np.sin(0.5)


def test_colours_are_changed_as_their_names_say() -> None:
    images = noise()
    grey = images.mean(dim=1, keepdim=True)
    torch.testing.assert_close(augment(images, one(brightness=0.25)), images + 0.25)
    torch.testing.assert_close(augment(images, one(contrast=1.5)), images * 1.5)
    torch.testing.assert_close(augment(images, one(luma_flip=1)), images - 2 * grey)
    torch.testing.assert_close(augment(images, one(saturation=0)), grey.expand_as(images))
    turned = augment(images, one(hue=2 * np.pi / 3))
    torch.testing.assert_close(turned, images.roll(1, 1))  # red to green
    together = augment(images, one(brightness=0.25, contrast=1.5))
    torch.testing.assert_close(together, (images + 0.25) * 1.5)


def test_grey_images_have_light_but_no_colour() -> None:
    images = noise(channels=1)
    torch.testing.assert_close(augment(images, one(brightness=0.25)), images + 0.25)
    torch.testing.assert_close(augment(images, one(luma_flip=1)), -images)
    torch.testing.assert_close(augment(images, one(hue=1.0, saturation=3)), images)
    everything = drawn(2, 1.0)
    as_colours = augment(images.expand(-1, 3, -1, -1), everything).mean(dim=1, keepdim=True)
    torch.testing.assert_close(augment(images, everything), as_colours)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.floats(0, 1), st.sampled_from(["b", "bg", "bgc"]))
def test_an_image_does_not_depend_on_its_neighbours(seed: int, chance: float, kinds: str) -> None:
    images, all_of_them = noise(4), drawn(4, chance, kinds, seed)
    together = augment(images, all_of_them)
    for place in range(4):
        own = slice(place, place + 1)
        alone = augment(images[own], all_of_them.rows(own))
        torch.testing.assert_close(alone, together[own], rtol=0, atol=1e-11)


def test_each_operation_is_drawn_by_its_own_chance_and_range() -> None:
    count = 20_000
    found = drawn(count, 0.3)
    share = {
        "mirror": 0.15,  # half of those that are chosen
        "quarter_turns": 0.225,
        "scale": 0.3,
        "first_turn": 1 - 0.7**0.5,  # so that 0.3 of the images are turned, once or twice
        "stretch": 0.3,
        "second_turn": 1 - 0.7**0.5,
        "brightness": 0.3,
        "contrast": 0.3,
        "luma_flip": 0.15,
        "hue": 0.3,
        "saturation": 0.3,
    }
    unchanged = no_augmentations(1)
    for name, wanted in share.items():
        changed = getattr(found, name) != getattr(unchanged, name)
        assert changed.double().mean().item() == pytest.approx(wanted, abs=0.015), name
    always = drawn(count, 1.0)
    assert always.shift.abs().max() < 0.125
    assert always.shift.std().item() == pytest.approx(0.25 / 12**0.5, rel=0.02)
    assert always.hue.abs().max() < np.pi
    for name, deviation in (("scale", 0.2), ("stretch", 0.2), ("contrast", 0.5), ("saturation", 1)):
        assert getattr(always, name).log2().std().item() == pytest.approx(deviation, rel=0.03)
    assert always.fine_shift.std().item() == pytest.approx(0.125, rel=0.03)
    assert always.brightness.std().item() == pytest.approx(0.2, rel=0.03)


def test_fewer_kinds_draw_the_same_for_what_is_left() -> None:
    all_of_them, fewer = drawn(8, 0.7, "bgc"), drawn(8, 0.7, "b")
    assert torch.equal(all_of_them.shift, fewer.shift)
    assert (fewer.scale == 1).all()
    assert (drawn(8, 0.7, "bg").hue == 0).all()
    assert torch.equal(drawn(8, 0.7, "bg").scale, all_of_them.scale)


def test_it_can_be_differentiated_twice() -> None:
    images = noise(2, 3, 8, 8).requires_grad_(True)
    everything = drawn(2, 1.0)
    assert torch.autograd.gradcheck(lambda x: augment(x, everything), (images,), fast_mode=True)
    assert torch.autograd.gradgradcheck(
        lambda x: augment(x, everything).square(), (images,), fast_mode=True
    )

"""Augmentations, held against torchvision's; masks go where their images go."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.functional import adjust_sharpness, rotate

from raydrift.tasks.training.augmentations import Changes, changed, draw_changes, moved

HERE = torch.tensor([False])


def pictures(count: int, height: int, width: int) -> torch.Tensor:
    drawn = torch.Generator().manual_seed(count)
    return torch.rand(count, 3, height, width, generator=drawn)


def turned(degrees: float) -> Changes:
    return Changes(HERE, HERE, torch.tensor([0]), torch.tensor([degrees]), None, HERE)


@pytest.mark.parametrize("size", [(9, 9), (12, 8), (7, 15)])
@pytest.mark.parametrize("degrees", [-90.0, -33.0, 5.0, 71.5])
def test_a_turn_is_torchvisions(size: tuple[int, int], degrees: float) -> None:
    images = pictures(1, *size)
    wanted = rotate(images, degrees)  # the nearest pixel, black outside
    same = (moved(images, turned(degrees)) == wanted).float().mean()
    assert same > 0.97, "but for pixels that two are as near to"


def test_a_little_blur_is_torchvisions() -> None:
    images = pictures(1, 10, 7)
    blur = Changes(HERE, HERE, torch.tensor([0]), torch.zeros(1), None, torch.tensor([True]))
    torch.testing.assert_close(changed(images, blur), adjust_sharpness(images, 0.5))


def test_weak_ones_are_the_eight_ways_to_lay_a_square() -> None:
    image = pictures(1, 4, 4)
    ways = [flip.rot90(k, (2, 3)) for flip in (image, image.flip(3)) for k in range(4)]
    changes = draw_changes("weak", 3, 0, list(range(400)), (4, 4))
    found = changed(image.expand(400, 3, 4, 4).clone(), changes)
    counts = [int((found == way).flatten(1).all(1).sum()) for way in ways]
    assert sum(counts) == 400
    assert min(counts) > 25, "50 of each are to be expected"


def test_of_others_only_half_turns_keep_the_shape() -> None:
    changes = draw_changes("weak", 3, 0, list(range(100)), (4, 6))
    assert set(changes.quarters.tolist()) == {0, 2}
    assert changed(pictures(100, 4, 6), changes).shape == (100, 3, 4, 6)


def test_strong_ones_come_to_half_of_the_images_each() -> None:
    changes = draw_changes("strong", 3, 1, list(range(400)), (8, 8))
    assert changes.noise is not None
    noisy = changes.noise.flatten(1).any(1)
    for chosen in (changes.mirrored, changes.flipped, changes.degrees != 0, noisy, changes.blurred):
        assert 160 < int(chosen.sum()) < 240
    assert changes.noise[noisy].std().item() == pytest.approx(0.0005, rel=0.05)
    assert changes.degrees.abs().max() <= 90
    assert changes.quarters.eq(0).all()


@given(
    name=st.sampled_from(["weak", "strong"]),
    seed=st.integers(0, 2**64 - 1),
    epoch=st.integers(0, 1000),
    samples=st.lists(st.integers(0, 10**7), min_size=1, max_size=6),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
)
def test_a_picture_is_changed_alike_in_any_batch_and_its_mask_with_it(
    name: str, seed: int, epoch: int, samples: list[int], size: tuple[int, int]
) -> None:
    images = pictures(len(samples), *size)
    whole = draw_changes(name, seed, epoch, samples, size)
    found, masks = changed(images.clone(), whole), moved(images[:, :1].clone(), whole)
    for place, sample in enumerate(samples):
        alone = draw_changes(name, seed, epoch, [sample], size)
        own = images[place : place + 1]
        torch.testing.assert_close(found[place : place + 1], changed(own.clone(), alone))
        assert torch.equal(masks[place : place + 1], moved(own.clone(), alone)[:, :1])

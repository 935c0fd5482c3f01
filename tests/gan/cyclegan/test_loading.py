"""Which images a step sees, and which part of them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.gan.cyclegan.loading import Pairs, load_size, steps_of
from raydrift.gan.replicas import Replicas
from raydrift.settings.image import ImageSettings
from raydrift.settings.translate import TranslateTraining
from tests.gan.held import Held

IMAGE = ImageSettings(height=32, width=64)
KEPT = (36, 72)
WHOLE = slice(0, None)


def addressed(count: int) -> Held:
    """Images whose pixels are their row, their column and the image's number."""
    pixels = np.empty((count, *KEPT, 3), np.uint8)
    pixels[..., 0] = np.arange(KEPT[0])[:, None]
    pixels[..., 1] = np.arange(KEPT[1])
    pixels[..., 2] = np.arange(count)[:, None, None]
    return Held(pixels)


def pairs(source: int, target: int, batch: int, seed: int = 7) -> Pairs:
    return Pairs(addressed(source), addressed(target), IMAGE, 3, batch, seed)


@pytest.mark.parametrize(
    ("side", "kept"), [(32, 36), (64, 72), (128, 143), (256, 286), (512, 572), (1024, 1144)]
)
def test_images_are_kept_a_little_larger(side: int, kept: int) -> None:
    assert load_size(ImageSettings(height=side, width=64)) == (kept, 72)


def test_an_epoch_is_as_many_pairs_as_the_larger_domain_has_images() -> None:
    assert steps_of(TranslateTraining(epochs=100, save_every=5), 1067) == (106_700, 5335)
    assert steps_of(TranslateTraining(epochs=3, save_every=1, batch_size=8), 10) == (4, 2)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9), st.integers(0, 99))
def test_each_epoch_shows_every_image_of_the_larger_domain_once(
    source: int, target: int, batch: int, seed: int
) -> None:
    drawn = pairs(source, target, batch, seed)
    larger, smaller = max(source, target), min(source, target)
    steps = 3 * larger  # whole epochs, for every batch
    shown = [drawn.indices(step) for step in range(steps)]
    large, small = (np.concatenate(column) for column in zip(*shown, strict=True))
    if source < target:
        large, small = small, large
    for epoch in large.reshape(-1, larger):
        assert sorted(epoch) == list(range(larger))
    assert set(small) <= set(range(smaller))


def test_partners_are_random_and_orders_differ_by_epoch() -> None:
    drawn = pairs(40, 4, batch=40)
    orders = [drawn.indices(step)[0].tolist() for step in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    partners = Counter(np.concatenate([drawn.indices(step)[1] for step in range(25)]).tolist())
    assert sorted(partners) == [0, 1, 2, 3]
    assert all(200 < times < 300 for times in partners.values())


@pytest.mark.parametrize("world", [2, 3, 6])
def test_workers_see_together_what_one_sees(world: int) -> None:
    whole = pairs(9, 5, batch=6).take(4, WHOLE)
    for domain in (0, 1):
        parts = [
            pairs(9, 5, batch=6).take(4, Replicas(rank, world).share(6))[domain]
            for rank in range(world)
        ]
        np.testing.assert_array_equal(np.concatenate(parts), whole[domain])


def test_a_step_does_not_depend_on_those_before() -> None:
    gone_through = pairs(9, 5, batch=6)
    for step in range(7):
        gone_through.take(step, WHOLE)
    for seen, again in zip(
        gone_through.take(7, WHOLE), pairs(9, 5, batch=6).take(7, WHOLE), strict=True
    ):
        np.testing.assert_array_equal(seen, again)


def test_a_random_part_is_seen_and_half_of_them_are_mirrored() -> None:
    drawn = pairs(20, 20, batch=20)
    corners, mirrored = [], []
    for step in range(20):
        indices = drawn.indices(step)
        for images, numbers in zip(drawn.take(step, WHOLE), indices, strict=True):
            assert images.shape == (20, 32, 64, 3)
            for image, number in zip(images.astype(int), numbers, strict=True):
                turned = image[0, 0, 1] > image[0, -1, 1]
                part = image[:, ::-1] if turned else image
                top, left = part[0, 0, :2]
                np.testing.assert_array_equal(part[..., 0], top + np.mgrid[0:32, 0:64][0])
                np.testing.assert_array_equal(part[..., 1], left + np.mgrid[0:32, 0:64][1])
                assert (part[..., 2] == number).all()
                corners.append((top, left))
                mirrored.append(turned)
    assert {top for top, _ in corners} == set(range(36 - 32 + 1))
    assert {left for _, left in corners} == set(range(72 - 64 + 1))
    assert np.mean(mirrored) == pytest.approx(0.5, abs=0.05)


def test_both_images_of_a_pair_have_a_part_of_their_own() -> None:
    source, target = pairs(1, 1, batch=200).take(0, WHOLE)
    turned = [images[:, 0, 0, 1] > images[:, 0, -1, 1] for images in (source, target)]
    assert (turned[0] != turned[1]).mean() == pytest.approx(0.5, abs=0.1)
    tops = [images[:, 0, 0, 0] for images in (source, target)]
    assert (tops[0] != tops[1]).mean() == pytest.approx(1 - 1 / 5, abs=0.1)


def test_images_of_another_size_are_refused() -> None:
    small = Held(np.zeros((3, 32, 64, 3), np.uint8))
    drawn = Pairs(small, small, IMAGE, 3, 1, 0)
    with pytest.raises(SettingsError, match=r"\(32, 64, 3\), not \(36, 72, 3\).*prepare them anew"):
        drawn.take(0, WHOLE)


def test_an_empty_domain_is_refused() -> None:
    with pytest.raises(SettingsError, match="the target domain has no images"):
        pairs(3, 0, batch=1)

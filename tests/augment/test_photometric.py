"""Levels: shift, brightness, contrast, noise, against Pillow where the libraries use it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from raydrift.augment.noise import add_noise
from raydrift.augment.photometric import brightness, channel_shift, contrast, possible_range
from raydrift.augment.ranges import NOISES


def levels(channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (12, 17, channels), np.uint8)


def enhanced(x: np.ndarray, factor: float, how: Any) -> np.ndarray:
    picture = Image.fromarray(x[..., 0] if x.shape[2] == 1 else x)
    return np.asarray(how(picture).enhance(factor), np.float32).reshape(x.shape)


@settings(max_examples=60)
@given(factor=st.floats(0, 3), channels=st.sampled_from([1, 3, 4]))
def test_keras_brightness_is_pillows(factor: float, channels: int) -> None:
    x = levels(channels)
    wanted = enhanced(x, factor, ImageEnhance.Brightness)
    made = brightness(x.astype(np.float32), factor, "keras3")
    np.testing.assert_array_equal(made, wanted)
    assert made.dtype == np.float32


@settings(max_examples=60)
@given(factor=st.floats(0, 3), channels=st.sampled_from([1, 3, 4]))
def test_mltks_contrast_is_pillows(factor: float, channels: int) -> None:
    x = levels(channels)
    x[0, 0], x[0, 1] = 0, 255  # already spread
    wanted = enhanced(x, factor, ImageEnhance.Contrast)
    np.testing.assert_array_equal(contrast(x.astype(np.float32), factor, "keras3"), wanted)


def test_keras_stretches_what_leaves_8_bits_and_maps_it_back() -> None:
    x = np.linspace(-50, 350, 48, dtype=np.float32).reshape(4, 4, 3)
    made = brightness(x, 1.0, "keras3")
    assert np.abs(made - x).max() <= 400 / 255
    assert brightness(x / 400 + 0.2, 1.0, "kp112").max() == 255


@pytest.mark.parametrize("compat", ["keras3", "kp112"])
def test_pillow_knows_grey_and_colour_only(compat: str) -> None:
    for change in (brightness, contrast):
        with pytest.raises(ValueError, match="Unsupported channel number: 2"):
            change(np.zeros((3, 3, 2), np.float32), 1.5, compat)


@pytest.mark.parametrize(
    ("x", "factor", "wanted"),
    [
        ([0.2, 0.8], 1.5, [0.3, 1.0]),
        ([0.2, 0.8], 1.0, [0.2, 0.8]),
        ([20.25, 200.5], 1.25, [25.3125, 250.625]),
        ([20.25, 200.5], 2.0, [40.5, 255.0]),
        ([-0.5, 0.25], 3.0, [-1.0, 0.75]),
        ([500.0, 40000.0], 2.0, [1000.0, 65535.0]),
    ],
)
def test_fixed_brightness_multiplies_within_the_range(x: Any, factor: float, wanted: Any) -> None:
    x = np.array(x, np.float32).reshape(1, 2, 1)
    np.testing.assert_allclose(brightness(x, factor).ravel(), wanted, rtol=1e-6)


def test_fixed_brightness_of_1_changes_nothing_at_all() -> None:
    for channels in (1, 3, 4, 7):
        for x in (levels(channels), levels(channels) / np.float32(255), levels(channels) * 257.0):
            np.testing.assert_array_equal(brightness(x, 1.0), x)
            np.testing.assert_allclose(contrast(x, 1.0), x, atol=1e-5 * float(x.max()))


def test_fixed_leaves_opacity_alone() -> None:
    x = levels(4)
    for change in (brightness, contrast):
        for made in (change(x, 0.3), change(x.astype(np.float32), 0.3)):
            np.testing.assert_array_equal(made[..., 3], x[..., 3])
            assert (made[..., :3] != x[..., :3]).any()


def test_fixed_contrast_keeps_the_mean_luma_and_scales_what_is_away_from_it() -> None:
    x = (60 + 0.5 * levels(1)).astype(np.float32)
    made = contrast(x, 0.5)
    np.testing.assert_allclose(made.mean(), x.mean(), rtol=1e-5)
    np.testing.assert_allclose(made.std(), x.std() / 2, rtol=1e-5)
    grey = contrast(levels(3), 0.0)
    assert np.ptp(grey) == 0


def test_the_range_may_be_said() -> None:
    x = np.array([[[0.5], [0.9]]], np.float32)
    np.testing.assert_allclose(brightness(x, 2.0, value_range=(0, 255)).ravel(), [1.0, 1.8])


@settings(max_examples=60)
@given(
    intensity=st.floats(-300, 300),
    dtype=st.sampled_from([np.uint8, np.uint16, np.int16, np.float32, np.float64]),
)
def test_a_shift_stays_within_the_images_own_levels(intensity: float, dtype: Any) -> None:
    x = (levels(3) // 2 + 30).astype(dtype)
    exact = np.clip(x.astype(np.float64) + intensity, x.min(), x.max())
    made = channel_shift(x, intensity)
    assert made.dtype == dtype
    assert np.abs(made - exact).max() <= (0.5 if made.dtype.kind in "iu" else 1e-4)
    np.testing.assert_array_equal(
        channel_shift(x, intensity, "keras3"), np.clip(x + intensity, x.min(), x.max())
    )


def test_a_temporary_image_is_overwritten_and_no_other() -> None:
    x = levels(3).astype(np.float32)
    before = x.copy()
    assert channel_shift(x, 5.0) is not x
    np.testing.assert_array_equal(x, before)
    assert channel_shift(x, 5.0, own=True) is x


def test_possible_ranges() -> None:
    assert possible_range(np.zeros(3, np.uint16)) == (0, 65535)
    assert possible_range(np.zeros(3, np.float32)) == (0, 1)
    assert possible_range(np.array([3e5])) == (0, 3e5)
    assert possible_range(np.zeros(2, np.bool_)) == (0, 1)


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_noise_is_of_its_seed_in_range_and_visible(kind: str, scale: float) -> None:
    x = np.full((64, 64, 3), 0.5 * scale, np.float32)
    x[0, 0] = scale
    made = add_noise(x, kind, 5)
    np.testing.assert_array_equal(made, add_noise(x, kind, 5))
    assert (made != add_noise(x, kind, 6)).any()
    assert made.dtype == x.dtype
    assert made.min() >= 0
    assert made.max() <= scale
    away = np.abs(made - x) / scale
    assert {"gauss": 0.07, "speckle": 0.035, "poisson": 0.02, "s&p": 0.0015}[kind] < away.mean()
    rounded = add_noise(x.astype(np.uint8) if scale > 1 else (x * 255).astype(np.uint8), kind, 5)
    assert rounded.dtype == np.uint8


def test_salt_and_pepper_are_whole_pixels_anywhere() -> None:
    x = np.full((50, 40, 3), 100, np.uint8)
    seen = np.zeros((50, 40), bool)
    for seed in range(600):
        made = add_noise(x, "s&p", seed)
        hit = (made != x).any(axis=2)
        assert hit.sum() == 8
        assert set(np.unique(made[hit])) == {0, 255}
        assert (np.ptp(made, axis=2) == 0).all()
        seen |= hit
    assert seen[-1].any()
    assert seen[:, -1].any()


def test_mltks_noise_is_as_it_is() -> None:
    x = levels(3).astype(np.float32)
    assert 0.2 < np.abs(add_noise(x, "gauss", 1, "keras3") - x).mean() < 0.3
    assert add_noise(x, "speckle", 1, "keras3").min() < 0
    assert add_noise(x, "poisson", 1, "keras3").dtype == np.float64
    peppered = add_noise(np.full_like(x, 9), "s&p", 1, "keras3")
    assert peppered.dtype == np.float32
    assert (peppered[-1] == 9).all()
    assert (peppered[..., -1] == 9).all()


def test_unknown_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="noise is 'pink': choose from: gauss, s&p, poisson"):
        add_noise(np.zeros((2, 2, 1)), "pink", 0)

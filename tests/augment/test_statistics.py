"""Statistics of sets in parts, what is done with them, and whitening."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raydrift.augment.standardizing import Standardization, standardize
from raydrift.augment.statistics import Statistics, broadcast, count
from raydrift.augment.zca import check_room, zca_matrix
from raydrift.errors import SettingsError


def images(dtype: Any = np.float32, n: int = 20, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.random((n, 9, 7, channels)) * 255).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_they_are_those_of_numpy(dtype: Any) -> None:
    x = images(dtype)
    known = count(x)
    np.testing.assert_allclose(known.mean, x.mean(axis=(0, 1, 2), dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(known.std, x.std(axis=(0, 1, 2), dtype=np.float64), rtol=1e-10)
    first = count(x.transpose(0, 3, 1, 2), channel_axis=0)
    assert first == known


@settings(max_examples=30)
@given(order=st.permutations(range(12)), cut=st.integers(0, 12), dtype=st.sampled_from("Bf"))
def test_parts_in_any_order_give_the_same_to_the_bit(order: Any, cut: int, dtype: str) -> None:
    x = images(np.dtype(dtype), n=12)
    parts = count(x[order[:cut]]) + count(x[order[cut:]])
    assert parts == count(x)


def test_flat_images_far_from_0_have_no_deviation() -> None:
    known = count(np.full((3, 50, 50, 2), 1e6 + 0.1, np.float64))
    assert known.std.max() < 1e-9
    assert Statistics().count == 0
    assert count([]) == Statistics()


def test_images_of_other_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        count(images(channels=3)) + count(images(channels=1))


def test_a_factor_is_the_same_before_and_after() -> None:
    x = images(np.float64)
    after = count(x).rescaled(1 / 255)
    np.testing.assert_allclose(after.mean, count(x / 255).mean, rtol=1e-14)
    np.testing.assert_allclose(after.std, count(x / 255).std, rtol=1e-12)


@pytest.mark.parametrize("shape", [(9, 7, 3), (9, 7, 1), (3, 9, 7), (5, 9, 7, 3), (9, 7, 6)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_standardizing_is_numpys_in_place(shape: Any, dtype: Any) -> None:
    x = (np.random.default_rng(0).random(shape) * 255).astype(dtype)
    wanted = x.astype(np.float64) / 255
    wanted = (wanted - wanted.mean()) / (wanted.std() + 1e-6)
    how = Standardization(
        rescale=1 / 255, samplewise_center=True, samplewise_std_normalization=True
    )
    for view in (x, x[::-1].copy()[::-1]):
        mine = view if view is x else view.copy()[::-1][::-1]
        assert standardize(mine, how) is mine
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=2e-6)
        x = (np.random.default_rng(0).random(shape) * 255).astype(dtype)


def test_an_image_of_one_level_becomes_0() -> None:
    how = Standardization(samplewise_center=True, samplewise_std_normalization=True)
    for level in (0.0, 200.0, 1 / 3, 255 / 7):
        made = standardize(np.full((20, 20, 3), level, np.float32), how)
        assert np.abs(made).max() == 0


def test_the_order_of_the_steps() -> None:
    how = Standardization(
        preprocessing_function=lambda x: x + 10,
        rescale=0.5,
        featurewise_center=True,
        featurewise_std_normalization=True,
        mean=broadcast(np.array([1.0]), 2, np.float64),
        std=broadcast(np.array([2.0]), 2, np.float64),
    )
    made = standardize(np.zeros((1, 1, 1)), how)
    assert made.item() == pytest.approx((10 * 0.5 - 1) / (2 + 1e-6))


@pytest.mark.parametrize(
    "step", ["featurewise_center", "featurewise_std_normalization", "zca_whitening"]
)
def test_what_is_not_known_is_passed_over_with_a_warning(step: str) -> None:
    x = np.ones((2, 2, 1))
    with pytest.warns(UserWarning, match=f"specifies `{step}`, but it hasn't been fit on any"):
        assert standardize(x, Standardization(**{step: True})) is x


def test_whole_numbers_cannot_be_rescaled_in_place() -> None:
    with pytest.raises(TypeError, match="Cannot cast"):
        standardize(np.ones((2, 2, 1), np.uint8), Standardization(rescale=0.5))


@pytest.mark.parametrize("n", [6, 80])
@pytest.mark.parametrize("compat", ["fixed", "kp112", "keras3"])
def test_whitening_is_its_formula(n: int, compat: str) -> None:
    x = np.random.default_rng(0).random((n, 3, 4, 2))
    x -= x.mean(axis=(0, 1, 2))
    flat, eps = x.reshape(n, -1), 1e-3
    made = zca_matrix(x, eps, compat)
    if compat == "keras3":
        u, s, _ = np.linalg.svd(flat.T, full_matrices=False)
        wanted = (u * (math.sqrt(n) / (s + eps))) @ u.T
    else:
        u, s, _ = np.linalg.svd(flat.T @ flat / n)
        wanted = (u / np.sqrt(s + eps)) @ u.T
    np.testing.assert_allclose(made, wanted, atol=1e-6)
    np.testing.assert_allclose(made, made.T, atol=1e-9)


def test_whitened_images_are_white() -> None:
    x = np.random.default_rng(0).random((200, 2, 3, 1)) @ np.ones((1, 1))
    x -= x.mean(axis=0)
    white = x.reshape(200, -1) @ zca_matrix(x, 1e-9)
    np.testing.assert_allclose(white.T @ white / 200, np.eye(6), atol=1e-6)
    how = Standardization(zca_whitening=True, zca=zca_matrix(x, 1e-9))
    np.testing.assert_array_equal(standardize(x.copy(), how).reshape(200, -1), white)


def test_a_matrix_without_room_is_refused_with_its_bytes() -> None:
    said = (
        "zca_whitening of images of 224 × 224 × 3 needs a matrix of 150,528 × 150,528 numbers, "
        "181,269,430,272 bytes (169 GiB), and there is room for 2 GiB: use smaller images, or "
        "featurewise_center and featurewise_std_normalization"
    )
    with pytest.raises(SettingsError) as error:
        check_room((224, 224, 3), 2 * 2**30)
    assert str(error.value) == said
    with pytest.raises(SettingsError, match="there is room for 0 GiB"):
        zca_matrix(np.zeros((2, 40, 40, 3)), room=1000)
    check_room((32, 32, 3), 2 * 2**30)

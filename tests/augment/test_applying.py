"""What parameters do to an image."""

from typing import Any

import numpy as np
import pytest

from raydrift.augment.applying import Look, apply
from raydrift.augment.compat import COMPATS, FIXED
from raydrift.augment.drawing import neutral
from raydrift.augment.ranges import NOISES

ALL: dict[str, Any] = {
    "theta": 20.0, "tx": 2.5, "ty": -1.25, "shear": 5.0, "zx": 1.2, "zy": 0.9,
    "flip_horizontal": True, "flip_vertical": True, "channel_shift_intensity": 10.0,
    "brightness": 0.8, "contrast": 1.2,
}  # fmt: skip


def photo(oracle: Any, dtype: Any = np.float32) -> np.ndarray:
    return oracle["images"][0].astype(dtype)


def square(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[:, 4:28])


@pytest.mark.parametrize("compat", COMPATS)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_with_nothing_to_do_the_image_itself_comes_back(
    image: np.ndarray, compat: str, data_format: str
) -> None:
    look = Look(compat, data_format=data_format)
    assert apply(image, {}, look) is image
    assert apply(image, neutral(extended=True), look) is image


@pytest.mark.parametrize("key", ["theta", "tx", "ty", "shear", "zx", "zy"])
def test_fixed_is_keras_3_on_square_images(image: np.ndarray, key: str) -> None:
    x = square(image)
    for parameters in ({key: 1.75}, {**ALL, key: 0.6}):
        moved = {name: value for name, value in parameters.items() if name not in PIXELS}
        np.testing.assert_array_equal(
            apply(x, moved, Look("fixed")), apply(x, moved, Look("keras3"))
        )


PIXELS = ("brightness", "contrast")


def test_fixed_moves_what_it_says_on_any_image() -> None:
    x = np.zeros((6, 10, 1), np.float32)
    x[2, 3] = 1
    assert apply(x, {"tx": 1}, Look())[2, 2] == 1
    assert apply(x, {"ty": 1}, Look())[1, 3] == 1
    turned = apply(x, {"theta": 180.0}, Look(fill_mode="constant", cval=9))
    np.testing.assert_allclose(turned[1:-1, 1:-1], x[::-1, ::-1][1:-1, 1:-1], atol=1e-4)


def test_a_positive_angle_turns_against_the_clock_but_in_keras_preprocessing() -> None:
    x = np.array([[0, 1], [0, 0]], np.float32)[..., None]
    assert apply(x, {"theta": 90.0}, Look())[0, 0] == 1
    assert apply(x, {"theta": 90.0}, Look("keras3"))[0, 0] == 1
    x = np.zeros((9, 9, 1), np.float32)
    x[2, 5] = 1
    assert apply(x, {"theta": 90.0}, Look("kp112"))[5, 8] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("compat", COMPATS)
def test_the_axes_make_no_difference(oracle: Any, compat: str) -> None:
    parameters = ALL if compat == FIXED else {**ALL, "brightness": None}
    for dtype in (np.float32, np.float64, np.uint8):
        x = photo(oracle, dtype)
        for planes in (x.transpose(2, 0, 1), np.ascontiguousarray(x.transpose(2, 0, 1))):
            made = apply(planes, parameters, Look(compat, data_format="channels_first"))
            expected = apply(x, parameters, Look(compat))
            np.testing.assert_array_equal(made.transpose(1, 2, 0), expected)


@pytest.mark.parametrize("compat", ["keras3", "kp112"])
def test_brightness_of_keras_takes_the_last_axis_for_the_channels(oracle: Any, compat: str) -> None:
    look, lit = Look(compat, data_format="channels_first"), {"brightness": 0.5}
    planes = photo(oracle).transpose(2, 0, 1)
    with pytest.raises(ValueError, match="Unsupported channel number: 32"):
        apply(planes, lit, look)
    narrow = planes[..., :4]  # the last column is taken for opacity
    np.testing.assert_array_equal(apply(narrow, lit, look), apply(narrow, lit, Look(compat)))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_fixed_keeps_the_dtype_for_any_number_of_channels(channels: int, dtype: Any) -> None:
    x = (np.random.default_rng(0).random((11, 13, channels)) * 255).astype(dtype)
    before = x.copy()
    for noise in NOISES:
        made = apply(x, {**ALL, "noise": noise, "noise_seed": 4}, Look())
        assert made.dtype == dtype
        assert made.shape == x.shape
    np.testing.assert_array_equal(x, before)


def test_dtypes_of_the_others_are_keras_own(image: np.ndarray) -> None:
    for compat in ("keras3", "kp112"):
        look = Look(compat)
        wide = image.astype(np.float64)
        assert apply(wide, {"theta": 3.0}, look).dtype == np.float64
        assert apply(wide, {"brightness": 0.5}, look).dtype == np.float32
        assert apply(wide, {"contrast": 0.5}, look).dtype == np.float32
        levels = image.astype(np.uint8)
        assert apply(levels, {"flip_vertical": True}, look).dtype == np.uint8
        assert apply(levels, {"channel_shift_intensity": 3.5}, look).dtype == np.float64


def test_flips_are_exact_and_commute_with_a_shift_of_levels(image: np.ndarray) -> None:
    for compat in COMPATS:
        look = Look(compat)
        np.testing.assert_array_equal(apply(image, {"flip_horizontal": True}, look), image[:, ::-1])
        np.testing.assert_array_equal(apply(image, {"flip_vertical": 1}, look), image[::-1])
        shift = {"channel_shift_intensity": 30.0}
        np.testing.assert_array_equal(
            apply(image, {**shift, "flip_vertical": 1}, look), apply(image, shift, look)[::-1]
        )


def test_bytes_are_those_of_floats_rounded(oracle: Any) -> None:
    moved = {name: value for name, value in ALL.items() if name not in PIXELS}
    made = apply(photo(oracle, np.uint8), moved, Look())
    exact = apply(photo(oracle), moved, Look())
    assert np.abs(made - exact).max() <= 1  # the warp rounds, then the shift does


def test_the_range_of_levels_is_that_of_the_image_before_a_spline_leaves_it() -> None:
    x = np.kron([[0, 1], [1, 0]], np.ones((8, 8))).astype(np.float32)[..., None] * 255
    moves = {"theta": 20.0, "brightness": 1.0}
    made = apply(x, moves, Look(interpolation_order=3))
    assert (made.min(), made.max()) == (0, 255)
    dark = apply(x / 255, {"noise": "gauss"}, Look(value_range=(0, 255)))
    assert dark.max() > 50


def test_other_than_three_axes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"multi-channel 2D images. Got shape \(4, 4\)"):
        apply(np.zeros((4, 4)), {}, Look())

"""Keras' functions on single images: what the published test suites ask of them, and more."""

import inspect
from typing import Any

import numpy as np
import pytest

from raydrift.augment.compat import COMPATS
from raydrift.errors import SettingsError
from raydrift.flows import functional

RANDOM: dict[str, tuple[Any, ...]] = {
    "random_rotation": (45,),
    "random_shift": (0.2, 0.3),
    "random_shear": (20,),
    "random_zoom": ((0.7, 1.4),),
    "random_channel_shift": (50,),
}
LAST = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}


def noise(*shape: int) -> np.ndarray:
    return (np.random.default_rng(0).random(shape) * 255).astype(np.float32)


@pytest.mark.parametrize("compat", COMPATS)
@pytest.mark.parametrize("name", RANDOM)
def test_random_functions_keep_the_shape_and_are_of_their_seed(compat: str, name: str) -> None:
    x = noise(2, 28, 24)
    before = x.copy()

    def made(seed: Any) -> np.ndarray:
        found: np.ndarray = getattr(functional, name)(x, *RANDOM[name], compat=compat, seed=seed)
        return found

    assert made(None).shape == x.shape
    np.testing.assert_array_equal(made(3), made(np.random.RandomState(3)))
    assert (made(3) != made(4)).any()
    np.testing.assert_array_equal(x, before)


def test_the_global_random_numbers_are_neither_read_nor_seeded() -> None:
    state = np.random.get_state()[1].tolist()
    for name, arguments in RANDOM.items():
        getattr(functional, name)(noise(3, 9, 9), *arguments, seed=1)
        getattr(functional, name)(noise(3, 9, 9), *arguments)
    functional.random_brightness(noise(9, 9, 3), (0.5, 1.5))
    assert np.random.get_state()[1].tolist() == state


@pytest.mark.parametrize("compat", ["fixed", "keras3"])
@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 1, 0), (0, 1, 2), (1, 0, 2)])
def test_rows_are_rows_wherever_their_axis_is(compat: str, axes: tuple[int, int, int]) -> None:
    x = noise(17, 23, 3)
    row, column, channel = axes
    there = np.moveaxis(x, (0, 1, 2), axes)
    named = {"row_axis": row, "col_axis": column, "channel_axis": channel}
    moves = {"theta": 12.0, "tx": 3.0, "ty": -2.0, "zx": 0.8, "fill_mode": "constant", "cval": 5.0}
    made = functional.apply_affine_transform(there, **moves, **named, compat=compat)
    wanted = functional.apply_affine_transform(x, **moves, **LAST, compat=compat)
    np.testing.assert_array_equal(np.moveaxis(made, axes, (0, 1, 2)), wanted)


def test_keras_preprocessing_turns_about_a_pixel_beside_the_centre() -> None:
    rows = [[[0, 0, 1], [0, 1, 1], [0, 0, 1]]]
    wanted = np.moveaxis(np.repeat(rows, 3, axis=0), 0, 2)
    made = functional.apply_affine_transform(
        np.ones((3, 3, 3)), theta=45, channel_axis=2, fill_mode="constant", compat="kp112"
    )
    np.testing.assert_allclose(made, wanted)


@pytest.mark.parametrize("compat", ["fixed", "keras3"])
def test_the_others_turn_about_the_centre(compat: str) -> None:
    wanted = np.repeat([[[0], [1], [0]], [[1], [1], [1]], [[0], [1], [0]]], 3, axis=2)
    made = functional.apply_affine_transform(
        np.ones((3, 3, 3)), theta=45, **LAST, fill_mode="constant", compat=compat
    )
    np.testing.assert_allclose(made, wanted)
    x = np.array([[0, 1], [0, 0]])[..., None]
    turned = functional.apply_affine_transform(x, theta=90, **LAST, compat=compat)
    np.testing.assert_array_equal(turned[..., 0], [[1, 0], [0, 0]])


@pytest.mark.parametrize("compat", ["fixed", "keras3"])
@pytest.mark.parametrize(
    ("moves", "wanted"),
    [
        ({"tx": 1}, [[2, 3, 0], [5, 6, 0]]),
        ({"tx": -1}, [[0, 1, 2], [0, 4, 5]]),
        ({"ty": 1}, [[4, 5, 6], [0, 0, 0]]),
        ({"ty": -1, "tx": 1}, [[0, 0, 0], [2, 3, 0]]),
    ],
)
def test_shifts(compat: str, moves: Any, wanted: Any) -> None:
    x = np.array([[1, 2, 3], [4, 5, 6]])
    for image, axes in ((x[..., None], (0, 1, 2)), (x[None], (1, 2, 0))):
        made = functional.apply_affine_transform(
            image, 0, moves.get("tx", 0), moves.get("ty", 0), 0, 1, 1, *axes, "constant", 0.0, 0,
            compat=compat,
        )  # fmt: skip
        np.testing.assert_array_equal(made.reshape(2, 3), wanted)


def test_the_heights_shift_moves_rows_when_fixed() -> None:
    x = noise(9, 13, 3)
    made = functional.random_shift(x, 0, 0.5, **LAST, seed=1)
    moved = np.random.RandomState(1).uniform(-0.5, 0.5) * 9
    np.testing.assert_array_equal(made, functional.apply_affine_transform(x, ty=moved, **LAST))


def test_axes_are_those_of_each_library() -> None:
    x = noise(5, 6, 3)
    np.testing.assert_array_equal(
        functional.apply_affine_transform(x, tx=1, compat="kp112"),
        np.concatenate([x[1:], x[-1:]]),
    )
    np.testing.assert_array_equal(
        functional.apply_affine_transform(x.transpose(2, 0, 1), tx=1),
        np.concatenate([x[:, 1:], x[:, -1:]], axis=1).transpose(2, 0, 1),
    )


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ((0, 0, 2), "'row_axis', 'col_axis', and 'channel_axis' must be distinct"),
        ((0, 1, 3), r"Invalid axis' indices: \{3\}"),
        ((-1, 1, 2), r"Invalid axis' indices: \{-1\}"),
        ((0, 2, 1), "Channels are allowed and the first and last dimensions."),
    ],
)
def test_axes_that_cannot_be_are_refused(axes: tuple[int, int, int], said: str) -> None:
    names = dict(zip(LAST, axes, strict=True))
    with pytest.raises(ValueError, match=said):
        functional.apply_affine_transform(np.zeros((3, 3, 3)), theta=1, **names)
    with pytest.raises(ValueError, match=r"Input arrays must be multi-channel 2D images\."):
        functional.apply_affine_transform(np.zeros((3, 3)), theta=1)


def test_a_zoom_of_1_leaves_the_image_itself() -> None:
    x = noise(2, 28, 28)
    assert functional.random_zoom(x, (1, 1)) is x
    assert functional.random_zoom(x, (5, 5)).shape == x.shape
    for wrong in ([0], (1, 2, 3)):
        with pytest.raises(ValueError, match="`zoom_range` should be a tuple or list of two"):
            functional.random_zoom(x, wrong)


def test_brightness_of_whole_levels() -> None:
    for level in (128, 1024, -1024):
        x = np.full((1, 1, 3), level, np.float64)
        for compat in ("fixed", "keras3"):
            same = functional.random_brightness(x, [1, 1], False, compat=compat)
            np.testing.assert_array_equal(same, x)
            spread = functional.random_brightness(x, [1, 1], True, compat=compat)
            np.testing.assert_array_equal(spread, np.zeros_like(x))
    with pytest.raises(ValueError, match="brightness_range should be tuple or list of two floats"):
        functional.random_brightness(x, [0])


def test_brightness_spreads_levels_by_default_in_keras_alone() -> None:
    x = np.array([[[50.0], [100.0]]], np.float32)
    assert functional.apply_brightness_shift(x, 1.5).ravel().tolist() == [75, 150]
    for compat in ("keras3", "kp112"):
        made = functional.apply_brightness_shift(x, 0.5, compat=compat)
        assert made.ravel().tolist() == [0, 127]
    kept = functional.apply_brightness_shift(x, 0.5, False, compat="keras3")
    assert kept.ravel().tolist() == [25, 50]


def test_a_flip_is_a_view() -> None:
    x = noise(4, 5, 3)
    made = functional.flip_axis(x, 1)
    np.testing.assert_array_equal(made, x[:, ::-1])
    assert made.base is not None


def test_a_matrix_is_moved_to_the_centre() -> None:
    turned = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    made = functional.transform_matrix_offset_center(turned, 4, 6)
    np.testing.assert_allclose(made @ [1.5, 2.5, 1], [1.5, 2.5, 1])
    off = functional.transform_matrix_offset_center(turned, 4, 6, compat="kp112")
    np.testing.assert_allclose(off @ [2.5, 3.5, 1], [2.5, 3.5, 1])


def test_every_function_refuses_a_behaviour_that_there_is_not() -> None:
    for name in functional.__all__:
        function = getattr(functional, name)
        if "compat" not in inspect.signature(function).parameters:
            continue
        arguments = {**RANDOM, "random_brightness": ((1, 2),), "apply_brightness_shift": (1,)}.get(
            name, (3,)
        )
        if name == "transform_matrix_offset_center":
            arguments = (4, 4)
        x = np.eye(3) if name == "transform_matrix_offset_center" else noise(3, 4, 5)
        with pytest.raises(SettingsError, match="compat is 'keras'"):
            function(x, *arguments, compat="keras")


def test_the_functions_on_files_are_there() -> None:
    for name in ("array_to_img", "img_to_array", "load_img", "save_img", "list_pictures"):
        assert callable(getattr(functional, name))
    assert functional.validate_filename.__doc__

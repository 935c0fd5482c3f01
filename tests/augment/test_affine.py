"""The warp against scipy's, on noise: the hardest image for coordinates that are a little off."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from raydrift.augment.affine import FILL_MODES, warp
from raydrift.augment.compat import COMPATS
from raydrift.augment.geometry import matrix

NEAR = 0.02

PARAMETERS = st.fixed_dictionaries(
    {
        "theta": st.one_of(st.sampled_from([0, 90, 180, -90]), st.floats(-180, 180)),
        "tx": st.one_of(st.integers(-40, 40), st.floats(-40, 40)),
        "ty": st.one_of(st.integers(-40, 40), st.floats(-40, 40)),
        "shear": st.floats(-30, 30),
        "zx": st.floats(0.3, 2),
        "zy": st.floats(0.3, 2),
    }
)


def noise(height: int, width: int, channels: int, dtype: Any = np.float32) -> np.ndarray:
    rng = np.random.default_rng(height * 1000 + width)
    return (rng.random((height, width, channels)) * 255).astype(dtype)


def scipys(x: np.ndarray, found: np.ndarray, order: int, mode: str, cval: float) -> np.ndarray:
    planes = [
        ndimage.affine_transform(
            x[..., channel].astype(np.float64),
            found[:2, :2],
            found[:2, 2],
            order=order,
            mode=mode,
            cval=cval,
        )
        for channel in range(x.shape[2])
    ]
    return np.stack(planes, axis=2)


@settings(max_examples=120)
@given(
    parameters=PARAMETERS,
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    channels=st.integers(1, 6),
    compat=st.sampled_from(COMPATS),
    mode=st.sampled_from(FILL_MODES),
    order=st.sampled_from([0, 1]),
)
def test_warps_are_scipys(
    parameters: Any, height: int, width: int, channels: int, compat: str, mode: str, order: int
) -> None:
    x = noise(height, width, channels)
    found = matrix(parameters, height, width, compat)
    if found is None:
        return
    made = warp(x, found, order, mode, 77.0)
    assert made.dtype == x.dtype
    assert made.shape == x.shape
    wanted = scipys(x, found, order, mode, 77.0)
    assert np.abs(made - wanted).max() < (NEAR if order else 1e-6)


@settings(max_examples=40)
@given(
    parameters=PARAMETERS,
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    mode=st.sampled_from(FILL_MODES),
    dtype=st.sampled_from([np.uint8, np.uint16]),
)
def test_whole_numbers_are_rounded_once(
    parameters: Any, height: int, width: int, mode: str, dtype: Any
) -> None:
    x = noise(height, width, 3, dtype)
    found = matrix(parameters, height, width)
    if found is not None:
        made = warp(x, found, 1, mode, 77.0)
        assert made.dtype == dtype
        assert np.abs(made - scipys(x, found, 1, mode, 77.0)).max() < 0.5 + NEAR


@pytest.mark.parametrize("mode", FILL_MODES)
@pytest.mark.parametrize(("height", "width"), [(224, 224), (333, 250), (1201, 700)])
def test_large_images_are_as_exact(mode: str, height: int, width: int) -> None:
    x = noise(height, width, 1)
    parameters = {"theta": 137.0, "tx": 90.5, "ty": -200.25, "shear": 8, "zx": 1.9, "zy": 0.6}
    found = matrix(parameters, height, width)
    assert found is not None
    off = np.abs(warp(x, found, 1, mode, 77.0) - scipys(x, found, 1, mode, 77.0))
    assert off.max() < NEAR


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_higher_orders_are_scipys(order: int, dtype: Any) -> None:
    x = noise(23, 31, 3, dtype)
    found = matrix({"theta": 25.0, "zx": 0.7}, 23, 31)
    assert found is not None
    made, wanted = warp(x, found, order, "reflect"), scipys(x, found, order, "reflect", 0.0)
    if made.dtype.kind == "u":
        wanted = np.clip(wanted, 0, np.iinfo(dtype).max)
    assert made.dtype == dtype
    assert np.abs(made - wanted).max() < (0.5 + 1e-3 if made.dtype.kind == "u" else 1e-3)


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint32, np.float16, np.float64]
)
@pytest.mark.parametrize("mode", ["nearest", "constant", "reflect", "wrap"])
def test_labels_of_any_type_are_moved_whole(dtype: Any, mode: str) -> None:
    x = (np.arange(9 * 7 * 2) % 2).reshape(9, 7, 2).astype(dtype)
    found = matrix({"theta": 33.0, "tx": 1.5}, 9, 7)
    assert found is not None
    made = warp(x, found, 0, mode, 1)
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, scipys(x, found, 0, mode, 1))


@pytest.mark.parametrize("mode", ["nearest", "constant", "reflect", "grid-constant"])
@pytest.mark.parametrize("zoom", [3.0, 40.0])
def test_what_comes_from_far_away_is_as_exact(mode: str, zoom: float) -> None:
    x = noise(400, 330, 3)
    moves = {"theta": 30.0, "tx": 1500.25 if mode == "reflect" else 20.5, "zx": zoom, "zy": zoom}
    found = matrix(moves, 400, 330)
    assert found is not None
    off = np.abs(warp(x, found, 1, mode, 9.0) - scipys(x, found, 1, mode, 9.0))
    assert off.max() < NEAR


def test_half_floats_and_images_of_nothing() -> None:
    found = matrix({"theta": 10.0}, 20, 30)
    assert found is not None
    half = noise(20, 30, 3, np.float16)
    made = warp(half, found)
    assert made.dtype == np.float16
    assert np.abs(made - scipys(half, found, 1, "nearest", 0.0)).max() < 0.07 + NEAR
    for shape in ((0, 5, 3), (5, 0, 3), (5, 5, 0)):
        assert warp(np.zeros(shape, np.float32), found).shape == shape


def test_the_input_is_left_alone_and_may_be_any_view_of_an_array() -> None:
    whole = noise(40, 60, 3)
    before = whole.copy()
    found = matrix({"theta": 10.0}, 20, 30)
    assert found is not None
    for view in (whole[::2, ::2], whole[:20, 59:29:-1], whole[:20, :30].transpose(0, 1, 2)):
        np.testing.assert_array_equal(warp(view, found), warp(view.copy(), found))
    np.testing.assert_array_equal(whole, before)


@pytest.mark.parametrize(
    ("order", "mode", "said"),
    [
        (1, "neareast", "fill_mode is 'neareast': choose from: nearest, reflect, constant, wrap"),
        (6, "nearest", "interpolation_order is 6: give a whole number from 0 to 5"),
    ],
)
def test_what_does_not_exist_is_refused(order: int, mode: str, said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        warp(noise(3, 3, 1), np.eye(3), order, mode)


def test_linear_warps_do_not_load_scipy() -> None:
    code = (
        "import sys, numpy as np\nfrom raydrift.augment.applying import Look, apply\n"
        "apply(np.ones((9, 9, 3), np.float32), {'theta': 3, 'brightness': 1.1}, Look())\n"
        "assert not {'scipy', 'ray', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

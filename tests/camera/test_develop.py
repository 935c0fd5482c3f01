"""From a mosaic to a picture: the published numbers, flat colours, and what is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.camera import CFA, DRONE, VIEWS, Camera, View, develop, develop_views
from raydrift.errors import ImageError, SettingsError
from tests.camera.mosaics import flat, uneven

views = pytest.mark.parametrize("view", VIEWS, ids=str)


def constants(camera: Camera) -> dict[str, Any]:
    return {
        "black_level": camera.black_level,
        "white_balance": camera.white_balance,
        "colour_matrix": camera.colour_matrix,
    }


@pytest.mark.parametrize("view", [*VIEWS, "bi,s,fft"], ids=str)
def test_compat_makes_the_published_numbers(
    view: View | str, oracle: Mapping[str, np.ndarray], cameras: Mapping[str, Camera]
) -> None:
    for mosaic in ("drone", "rose", "finch"):
        for name, camera in cameras.items():
            seen = oracle[f"mosaic/{mosaic}"].copy()
            found = develop(seen, **constants(camera), view=view, compat=True)
            code = str(view).replace(",", "_")
            assert np.abs(found - oracle[f"static/published/{mosaic}/{name}/{code}"]).max() < 1e-12
            assert (seen == oracle[f"mosaic/{mosaic}"]).all(), "the published code changes it"


def test_the_defaults_of_the_published_function_are_unsharp_without_denoising(
    oracle: Mapping[str, np.ndarray],
) -> None:
    found = develop(oracle["mosaic/rose"], **constants(DRONE), view="bi,u", compat=True)
    published = oracle["static/published/rose/drone/function_default"]
    assert np.abs(found - published).max() < 1e-12


@pytest.mark.parametrize("code", [str(view) for view in VIEWS if view.sharpening == "u"])
def test_inside_the_fixed_mode_is_the_published_pipeline_with_a_blur_both_ways(
    code: str, oracle: Mapping[str, np.ndarray], cameras: Mapping[str, Camera]
) -> None:
    """Fourteen pixels from the border: the reach of all stages together."""
    reach = 14
    for mosaic in ("drone", "finch"):
        for name, camera in cameras.items():
            found = develop(oracle[f"mosaic/{mosaic}"], **constants(camera), view=code)
            expected = oracle[f"static/fixed/{mosaic}/{name}/{code.replace(',', '_')}"]
            difference = np.abs(found - expected)[reach:-reach, reach:-reach]
            assert difference.size
            assert difference.max() < 1e-12


def test_a_real_tile_has_the_known_mean(drone_tile: np.ndarray) -> None:
    published = develop(drone_tile, **constants(DRONE), compat=True)
    assert published.mean((0, 1)) == pytest.approx([0.284, 0.310, 0.291], abs=5e-4)
    fixed = develop(drone_tile, **constants(DRONE))
    assert fixed.mean((0, 1)) == pytest.approx([0.2826, 0.3082, 0.2897], abs=5e-4), (
        "without the bright border of the sharpening filter"
    )


@views
@given(
    light=st.floats(0.1, 1),
    height=st.integers(2, 12),
    width=st.integers(2, 12),
    cfa=st.sampled_from(CFA),
)
def test_a_flat_colour_stays_flat_in_each_view(
    view: View, light: float, height: int, width: int, cfa: CFA
) -> None:
    mosaic = flat((light / 2, light, light / 3), height, width, cfa)
    found = develop(mosaic, view=view, cfa=cfa, white_balance=(1.5, 1, 2))
    expected = np.array([0.75 * light, light, 2 / 3 * light]) ** (1 / 2.2)
    assert np.abs(found - expected).max() < 1e-12


@views
def test_ones_stay_ones(view: View) -> None:
    for shape in ((2, 2), (3, 5), (8, 7)):
        assert develop(np.ones(shape), view=view) == pytest.approx(1.0, abs=1e-12)


def test_whole_numbers_are_shares_of_what_their_type_holds() -> None:
    mosaic = (uneven(9, 12) * 200).astype(np.uint8)
    as_float = develop((mosaic / 255).astype(np.float32))
    assert (develop(mosaic) == as_float).all()
    assert (develop(mosaic.astype(np.uint16) * 257) == as_float).all()
    assert (develop((mosaic.astype(np.uint16) * 257).astype(">u2")) == as_float).all()


@pytest.mark.parametrize(
    ("dtype", "made"),
    [
        (np.uint8, np.float32),
        (np.uint16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
    ],
)
def test_float64_is_for_float64(dtype: type, made: type) -> None:
    found = develop(np.ones((4, 5), dtype))
    assert (found.dtype, found.shape) == (made, (4, 5, 3))


def test_any_memory_layout_will_do() -> None:
    mosaic = uneven(20, 24)
    expected = develop(np.ascontiguousarray(mosaic[::-2, 3::3]))
    assert (develop(mosaic[::-2, 3::3]) == expected).all()
    assert (develop(np.asfortranarray(mosaic)) == develop(mosaic)).all()


@pytest.mark.parametrize(
    ("mosaic", "said"),
    [
        (np.ones((0, 4)), "the mosaic is float64 (0, 4): give at least 2 rows and 2 columns"),
        (np.ones((1, 8)), "the mosaic is float64 (1, 8): give at least 2 rows and 2 columns"),
        (
            np.ones((4, 4, 3)),
            "the mosaic is float64 (4, 4, 3): give the one channel of a mosaic, (height, width)",
        ),
        (
            np.ones(4, np.uint8),
            "the mosaic is uint8 (4,): give the one channel of a mosaic, (height, width)",
        ),
        (
            np.ones((4, 4), np.int32),
            "the mosaic is int32 (4, 4): give uint8, uint16, float32 or float64",
        ),
        (
            np.ones((4, 4), bool),
            "the mosaic is bool (4, 4): give uint8, uint16, float32 or float64",
        ),
        (np.diag([1.0, np.nan]), "the mosaic has values that are not finite"),
        (np.diag(np.float32([np.inf, 1])), "the mosaic has values that are not finite"),
    ],
)
def test_what_is_no_mosaic_is_refused(mosaic: np.ndarray, said: str) -> None:
    with pytest.raises(ImageError) as caught:
        develop(mosaic)
    assert str(caught.value) == f"develop: {said}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"cfa": "RGBG"}, "cfa is 'RGBG': choose from: RGGB, BGGR, GRBG, GBRG"),
        ({"view": "bi,s"}, None),
        ({"view": "bi,s,bm3d"}, "view is 'bi,s,bm3d': 'bm3d' is not a denoising: choose from: "),
        ({"view": "bi,s,fft"}, "view is 'bi,s,fft': fft is for compat=True alone"),
        ({"black_level": 1}, "black_level is 1: give one number, or four by place"),
        ({"black_level": -0.01}, None),
        ({"white_balance": (0, 1, 1)}, "white_balance is (0, 1, 1): give three finite gains"),
        ({"white_balance": (-1, 1, 1)}, None),
        ({"colour_matrix": np.eye(2)}, "colour_matrix is array([[1., 0.],"),
        ({"gamma": -1}, "gamma is -1: give a number above 0"),
    ],
)
def test_what_cannot_be_is_refused_by_name(arguments: dict[str, Any], said: str | None) -> None:
    mosaic = np.full((4, 4), 0.5)
    if said is None:
        assert np.isfinite(develop(mosaic, **arguments)).all()
        return
    with pytest.raises(SettingsError) as caught:
        develop(mosaic, **arguments)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("compat", [False, True])
def test_views_that_are_developed_together_are_what_each_is_alone(compat: bool) -> None:
    raw = np.random.default_rng(3).random((18, 25), np.float32)
    before = raw.copy()
    found = dict(develop_views(raw, DRONE, reversed(VIEWS), compat))
    assert set(found) == set(VIEWS)
    for view, image in found.items():
        alone = develop(raw, view=view, compat=compat, **constants(DRONE))
        np.testing.assert_array_equal(image, alone)
    np.testing.assert_array_equal(raw, before)

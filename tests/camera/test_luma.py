from collections.abc import Mapping

import numpy as np
import pytest
from scipy import ndimage
from scipy.signal import convolve2d

from raydrift.camera import Camera, View
from raydrift.camera.luma import (
    Y,
    gaussian_blurred,
    luma,
    median_filtered,
    sharpened,
    unsharp_masked,
    with_luma,
)
from raydrift.camera.rendering import Rendering, linear_rgb

YUV = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.14714119, -0.28886916, 0.43601035],
        [0.61497538, -0.51496512, -0.10001026],
    ]
)
"""As scikit-image has it."""

RNG = np.random.default_rng(0)
PLANE = RNG.random((33, 40))
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def within(dtype: type) -> float:
    return 1e-12 if dtype == np.float64 else 2e-6


def test_a_change_of_luma_is_the_same_change_of_red_green_and_blue() -> None:
    """So YUV need not be made at all."""
    assert np.linalg.inv(YUV)[:, 0] == pytest.approx([1, 1, 1], abs=1e-14)
    assert YUV[0].tolist() == list(Y)
    planes = RNG.random((3, 8, 9))
    yuv = np.einsum("ij,jkl->ikl", YUV, planes)
    yuv[0] = yuv[0] ** 2
    by_yuv = np.einsum("ij,jkl->ikl", np.linalg.inv(YUV), yuv)
    y = luma(planes)
    assert with_luma(planes, y, y**2) == pytest.approx(by_yuv, abs=1e-14)


@dtypes
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.3, 2.0])
def test_the_gaussian_is_that_of_scipy(dtype: type, sigma: float) -> None:
    plane = PLANE.astype(dtype)
    for compat, mode in ((True, "reflect"), (False, "mirror")):
        expected = ndimage.gaussian_filter(plane.astype(np.float64), sigma, mode=mode)
        found = gaussian_blurred(plane, sigma, compat)
        assert found.dtype == dtype
        assert found == pytest.approx(expected, abs=within(dtype))


@dtypes
def test_the_unsharp_mask_blurs_both_ways_and_in_compat_down_the_columns(dtype: type) -> None:
    plane = PLANE.astype(dtype)
    both = ndimage.gaussian_filter(PLANE, 1.0, mode="mirror")
    columns = ndimage.gaussian_filter1d(PLANE, 1.0, axis=0, mode="reflect")
    assert unsharp_masked(plane) == pytest.approx(2 * PLANE - both, abs=within(dtype))
    assert unsharp_masked(plane, 0.5) == pytest.approx(1.5 * PLANE - both / 2, abs=within(dtype))
    assert unsharp_masked(plane, compat=True) == pytest.approx(
        2 * PLANE - columns, abs=within(dtype)
    )


@dtypes
def test_the_sharpening_filter_has_zeros_beyond_the_border_in_compat_alone(dtype: type) -> None:
    kernel = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    plane = PLANE.astype(dtype)
    zeros = convolve2d(PLANE, kernel, "same")
    mirrored = ndimage.convolve(PLANE, kernel, mode="mirror")
    assert sharpened(plane, compat=True) == pytest.approx(zeros, abs=within(dtype))
    assert sharpened(plane) == pytest.approx(mirrored, abs=within(dtype))
    assert sharpened(plane, 0.25) == pytest.approx(0.75 * PLANE + mirrored / 4, abs=within(dtype))


@dtypes
def test_the_median_is_exact(dtype: type) -> None:
    plane = PLANE.astype(dtype)
    for compat, mode in ((True, "reflect"), (False, "mirror")):
        assert (median_filtered(plane, compat) == ndimage.median_filter(plane, 3, mode=mode)).all()


@pytest.mark.parametrize("code", ["bi,u,me", "bi,u,ga", "ma,u,me", "ma,u,ga", "me,u,me", "me,u,ga"])
def test_only_the_axes_of_the_blur_and_borders_are_between_the_modes(
    code: str, oracle: Mapping[str, np.ndarray], cameras: Mapping[str, Camera]
) -> None:
    """The published pipeline with the blur of both axes, put together of single stages."""
    view = View.parse(code)
    for mosaic in ("drone", "rose", "finch"):
        for name, camera in cameras.items():
            rendering = Rendering.by(camera)
            rendering = Rendering(**{**vars(rendering), "demosaicer": view.demosaicer})
            planes = linear_rgb(oracle[f"mosaic/{mosaic}"], rendering, compat=True)
            before = luma(planes)
            y = 2 * before - ndimage.gaussian_filter(before, 1.0)
            denoised = gaussian_blurred if view.denoising == "ga" else median_filtered
            planes = with_luma(planes, before, denoised(y, compat=True))
            found = np.clip(planes, 0, 1).transpose(1, 2, 0) ** (1 / 2.2)
            expected = oracle[f"static/fixed/{mosaic}/{name}/{code.replace(',', '_')}"]
            assert np.abs(found - expected).max() < 1e-12

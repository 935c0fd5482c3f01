from dataclasses import replace

import numpy as np
import pytest

from raydrift.camera import DRONE, REFERENCE, VIEWS, Demosaicer, Rendering, View, develop, render
from raydrift.camera.luma import gaussian_blurred, luma
from raydrift.camera.rendering import adjusted, linear_rgb
from tests.camera.mosaics import uneven

RAW = uneven(61, 74).astype(np.float32)
PLAIN = Rendering.by(REFERENCE)


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_camera_renders_what_develop_makes(view: View) -> None:
    camera = replace(DRONE, view=view)
    developed = develop(
        RAW,
        black_level=camera.black_level,
        white_balance=camera.white_balance,
        colour_matrix=camera.colour_matrix,
        view=view,
    )
    before = RAW.copy()
    found = render(RAW, Rendering.by(camera))
    assert (found.dtype, found.shape) == (np.float32, (61, 74, 3))
    assert (found == developed).all()
    assert (before == RAW).all()


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_float32_is_near_float64(view: View) -> None:
    """The linear values; what gamma makes of them is tested with it."""
    rendering = Rendering.by(replace(REFERENCE, view=view))
    single, double = (
        adjusted(linear_rgb(raw, rendering), rendering) for raw in (RAW, RAW.astype(np.float64))
    )
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert np.abs(single - double).max() < 5e-6


@pytest.mark.parametrize("demosaicer", [Demosaicer.MALVAR, Demosaicer.MENON])
def test_a_share_of_a_demosaicer_is_between_it_and_bilinear(demosaicer: Demosaicer) -> None:
    whole = replace(PLAIN, demosaicer=demosaicer)
    none, some, all_of_it = (
        linear_rgb(RAW, replace(whole, demosaic_share=share)) for share in (0.0, 0.25, 1.0)
    )
    assert (none == linear_rgb(RAW, PLAIN)).all()
    assert some == pytest.approx(0.75 * none + 0.25 * all_of_it, abs=2e-6)


def test_amounts_of_0_leave_everything_as_it_is() -> None:
    planes = linear_rgb(RAW, PLAIN)
    assert adjusted(planes, PLAIN) is planes


def test_sharpening_comes_before_denoising_and_only_luma_changes() -> None:
    rendering = replace(PLAIN, unsharp_amount=1.5, denoise_sigma=0.8)
    planes = linear_rgb(RAW, rendering).astype(np.float64)
    y = luma(planes)
    sharp = y + 1.5 * (y - gaussian_blurred(y, 1.0))
    expected = planes + gaussian_blurred(sharp, 0.8) - y
    assert adjusted(planes.copy(), rendering) == pytest.approx(expected, abs=1e-12)


def test_a_stop_of_gamma_is_a_root() -> None:
    once, twice = (render(RAW, replace(PLAIN, gamma=gamma)) for gamma in (2.2, 4.4))
    assert twice == pytest.approx(np.sqrt(once), abs=5e-6)


def test_gains_and_matrix_are_one_product() -> None:
    gains = (1.5, 0.5, 2.0)
    found = linear_rgb(RAW, replace(PLAIN, white_balance=gains))
    unbalanced = linear_rgb(
        RAW, replace(PLAIN, white_balance=(1, 1, 1), colour_matrix=np.eye(3).tolist())
    )
    balanced = unbalanced * np.array(gains)[:, None, None]
    expected = np.einsum("ij,jkl->ikl", np.array(PLAIN.colour_matrix), balanced)
    assert found == pytest.approx(expected, abs=2e-6)

"""A camera that is fixed: what is drawn for each image gives way to it, and nothing else does."""

from typing import Any

import numpy as np
import pytest

from raydrift.drift import apply_chain, drift_image
from raydrift.drift.camera.fixed import with_fixed
from raydrift.errors import SettingsError
from raydrift.settings.toml import evaluate_settings, generate_settings
from raydrift.transforms import DriftProfile, TransformInfo

PLAIN = {"input": "in", "output": "out"}
PHOTO = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
MATRIX = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def infos(*written: str) -> list[TransformInfo]:
    return [TransformInfo.parse(one) for one in written]


def drifted(sample_id: int, fixed: dict[str, Any], *written: str) -> tuple[np.ndarray, Any]:
    profile = with_fixed(DriftProfile(), fixed)
    image, drawn = drift_image(PHOTO, infos(*written), seed=1, sample_id=sample_id, profile=profile)
    again = apply_chain(PHOTO, drawn, seed=1, sample_id=sample_id, profile=profile)
    np.testing.assert_array_equal(again, image)
    return image, [one.parameters for one in drawn]


def test_all_images_come_from_the_same_camera() -> None:
    first, parameters = drifted(0, {"gamma": 1.2}, "isp_gamma:0.5")
    assert parameters == [{"gamma": 1.2}]
    np.testing.assert_array_equal(first, drifted(7, {"gamma": 1.2}, "isp_gamma:0.5")[0])
    assert (first != drifted(0, {}, "isp_gamma:0.5")[0]).any()


def test_the_level_is_the_box_and_not_the_camera() -> None:
    low, high = (drifted(0, {"black": 0.01}, f"isp_black_level:{one}")[0] for one in (0.2, 1))
    np.testing.assert_array_equal(low, high)


def test_what_is_not_fixed_is_drawn_as_ever() -> None:
    """Noise too: its numbers are the same ones."""
    _, (of_isp,) = drifted(3, {"gamma": 1.1}, "isp:0.5")
    _, (free,) = drifted(3, {}, "isp:0.5")
    assert {name for name in free if free[name] != of_isp[name]} == {"gamma"}
    noisy, _ = drifted(3, {"gamma": 1.1}, "isp_gamma:0.5", "isp_noise:0.5")
    assert (noisy != drifted(4, {"gamma": 1.1}, "isp_gamma:0.5", "isp_noise:0.5")[0]).any()


def test_level_0_is_no_drift_whatever_is_fixed() -> None:
    image, parameters = drifted(0, {"gamma": 1.0}, "isp_gamma:0")
    assert (image is PHOTO, parameters) == (True, [{}])


@pytest.mark.parametrize(
    ("transforms", "fixed", "said"),
    [
        (
            ["isp_black_level:0.3"],
            {"black": 0.05},
            "black is 0.05: isp_black_level:0.3 draws from ",
        ),
        (["isp_gamma:0.3"], {"gamma": 0}, "gamma is 0: isp_gamma:0.3 draws from 0.812252 to 1.23"),
        (["isp_gamma:0.3"], {"gamma": "x"}, "gamma is 'x': give a number, or three rows of three"),
        (["isp_gamma:0.3"], {"gamma": True}, "gamma is True: give a number, or three rows of th"),
        (["isp_gamma:0.3"], {"gamma": float("nan")}, "gamma is nan: give a number, or three row"),
        (["isp_gamma:0.3"], {"gamma": MATRIX}, "gamma is [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0"),
        (["isp_colour_matrix:1"], {"matrix": 3}, "matrix is 3: isp_colour_matrix:1 draws other ma"),
        (["isp_colour_matrix:1"], {"matrix": [[1, 2]]}, "matrix is [[1, 2]]: give a number, or th"),
        (["isp_demosaic:1"], {"other": 2}, "other is 2: isp_demosaic:1 draws 0 or 1"),
        (["isp_gamma:0.3"], {"black": 0.0}, "black: no transform of the run draws it, which has "),
        (["hue:0.3"], {"black": 0.0}, "black: no transform of the run draws it: give isp_black_l"),
    ],
)
def test_what_cannot_be_drawn_is_named(
    transforms: list[str], fixed: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        generate_settings(PLAIN | {"transforms": transforms, "camera": {"fixed": fixed}})
    assert str(caught.value).startswith(f"camera.fixed.{said}")


@pytest.mark.parametrize(
    ("transforms", "fixed", "said"),
    [
        (["isp_gamma:0.3"], {"gama": 1.1}, "unknown key camera.fixed.gama: did you mean 'gamma'?"),
        (["isp_noise:0.3"], {"shot": 1}, "unknown key camera.fixed.shot: choose from: black, "),
        (["isp_gamma:0.3"], 3, "camera.fixed is 3: write it as a table, [camera.fixed]"),
        (
            ["isp_white_balance:0.5"],
            {"gain_r": 1.1, "gain_b": 1.1},
            "camera.fixed has gain_r 1.1, gain_b 1.1: isp_white_balance:0.5 cannot draw them "
            "together, the nearest gain_r is 1.0",
        ),
    ],
)
def test_what_is_wrong_with_all_of_it_is_said(transforms: list[str], fixed: Any, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        generate_settings(PLAIN | {"transforms": transforms, "camera": {"fixed": fixed}})
    assert str(caught.value).startswith(said)


def test_a_drift_on_the_timeline_may_draw_it() -> None:
    drift = {"kind": "abrupt", "start": 5, "transforms": ["isp_gamma:0.5"]}
    settings = generate_settings(PLAIN | {"drift": [drift], "camera": {"fixed": {"gamma": 1.2}}})
    assert settings.profile.setup("camera").fixed == {"gamma": 1.2}


def test_an_evaluation_holds_it_against_its_last_level() -> None:
    values = PLAIN | {"transforms": ["isp_gamma"], "camera": {"fixed": {"gamma": 1.2}}}
    evaluate_settings(values | {"levels": "0.1,0.5"})
    with pytest.raises(SettingsError, match=r"^camera\.fixed\.gamma is 1\.2: isp_gamma:0\.1 draws"):
        evaluate_settings(values | {"levels": "0.1"})


def test_a_run_without_one_is_what_it_was() -> None:
    """Nothing of it is in a fingerprint."""
    used = DriftProfile(camera={"mode": "full"}).in_use(infos("isp_gamma:1"))
    assert "fixed" not in used["camera"]
    fixed = with_fixed(DriftProfile(), {"gamma": 1.2})
    assert fixed.in_use(infos("isp_gamma:1"))["camera"]["fixed"] == {"gamma": 1.2}
    assert fixed != DriftProfile()
    assert hash(fixed) is not None

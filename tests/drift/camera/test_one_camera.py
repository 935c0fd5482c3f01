"""Transforms of a camera that follow each other are one camera: one mosaic, one forward pass."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift import seeds
from raydrift.camera import (
    CFA,
    REFERENCE,
    VIEWS,
    Camera,
    Rendering,
    SensorNoise,
    downsampled,
    noisy,
    render,
    unprocess,
)
from raydrift.drift import SampledTransform, drift_image, replay_sample
from raydrift.drift.camera.setup import CameraSetup
from raydrift.drift.normals import normals
from raydrift.drift.sampled import sample
from raydrift.drift.written import read_back, written
from raydrift.errors import SettingsError
from raydrift.images.pixels import RGB, Sample
from raydrift.images.scenes import draw_scene
from raydrift.transforms import DriftProfile, ImageTransform, TransformInfo, plain_transforms

ISP = [ImageTransform(one) for one in plain_transforms() if one.startswith("isp")]
BALANCE, NOISE = TransformInfo("isp_white_balance", 0.6), TransformInfo("isp_noise", 0.7)
FULL = DriftProfile(camera={"mode": "full"})


def drifted_by(
    image: RGB, chain: list[TransformInfo], profile: DriftProfile | None = None
) -> tuple[RGB, list[SampledTransform]]:
    return drift_image(image, chain, seed=7, sample_id=3, profile=profile)


def pictures_of(image: RGB, oversample: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """What the drifted camera and the reference make of the image, by hand."""
    raw = unprocess(image, REFERENCE, oversample)
    _, (balance, noise) = drifted_by(image, [BALANCE, NOISE])
    rng = seeds.generator(7, 1, 3)
    sample(NOISE, rng, DriftProfile())
    of_noise = SensorNoise(**noise.parameters)
    seen = noisy(raw, of_noise, normals(rng, raw.shape), REFERENCE.black_level)
    red, green, blue = REFERENCE.white_balance
    gains = red * balance.parameters["gain_r"], green, blue * balance.parameters["gain_b"]
    reference = Rendering.by(REFERENCE)
    drifted = render(seen, replace(reference, white_balance=gains))
    return (downsampled(drifted, oversample), downsampled(render(raw, reference), oversample))


def test_noise_comes_before_white_balance_wherever_they_stand(scene: RGB) -> None:
    drifted, reference = pictures_of(scene)
    expected = np.rint(scene + 255 * (drifted - reference)).clip(0, 255)
    assert (drifted_by(scene, [BALANCE, NOISE])[0] == expected).all()
    other = drifted_by(scene, [NOISE, BALANCE])[0]
    assert (other != expected).any(), "they are drawn by their places"


@pytest.mark.parametrize("oversample", [1, 2])
def test_in_full_mode_the_picture_is_what_the_camera_makes(scene: RGB, oversample: int) -> None:
    profile = DriftProfile(camera={"mode": "full", "oversample": oversample})
    expected = np.rint(255 * pictures_of(scene, oversample)[0]).clip(0, 255)
    assert (drifted_by(scene, [BALANCE, NOISE], profile)[0] == expected).all()


def test_another_transform_between_them_makes_two_cameras(scene: RGB) -> None:
    still, turned = TransformInfo("rotate", 0.0), TransformInfo("rotate", 0.2)
    together, _ = drifted_by(scene, [BALANCE, still, NOISE], FULL)
    apart, _ = drifted_by(scene, [BALANCE, turned, NOISE], FULL)
    assert (together != apart).any()
    rng = seeds.generator(7, 2, 3)
    sample(NOISE, rng, DriftProfile())
    raw = unprocess(scene, REFERENCE)
    first, _ = drifted_by(scene, [BALANCE, still, still], FULL)
    assert (drifted_by(scene, [BALANCE, still], FULL)[0] == first).all()
    assert raw.shape == scene.shape[:2]


def test_level_0_leaves_every_pixel_even_in_full_mode(scene: RGB) -> None:
    none = [TransformInfo(one, 0.0) for one in ISP]
    assert (drifted_by(scene, none, FULL)[0] == scene).all()


@given(
    st.lists(
        st.builds(TransformInfo, st.sampled_from(ISP), st.floats(0, 1)), min_size=1, max_size=4
    ),
    st.sampled_from(["residual", "full"]),
    st.sampled_from([str(view) for view in VIEWS] + ["bi", "ma", "me"]),
    st.sampled_from(list(map(str, CFA))),
)
def test_a_row_of_provenance_brings_back_every_pixel(
    chain: list[TransformInfo], mode: str, view: str, cfa: str
) -> None:
    image = draw_scene("house", seed=1, index=0, height=33, width=46)
    profile = DriftProfile(camera={"mode": mode, "view": view, "cfa": cfa})
    drifted, drawn = drifted_by(image, chain, profile)
    again = read_back(written(drawn))
    replayed = replay_sample(Sample(image), again, seed=7, sample_id=3, profile=profile)
    assert (replayed.pixels == drifted).all()


def test_all_that_isp_draws_is_what_its_parts_draw(scene: RGB) -> None:
    """Fed to the parts by hand: the same camera."""
    _, (drawn,) = drifted_by(scene, [TransformInfo("isp", 0.5)])
    assert set(drawn.parameters) == {
        "black", "gain_r", "gain_b", "matrix", "share", "gamma", "sharpen", "denoise", "other",
        "demosaic_share", "light", "electrons", "read_electrons", "converter_bits", "shot", "read",
    }  # fmt: skip


class TestSetup:
    def test_the_published_one_is_the_reference_camera(self) -> None:
        assert CameraSetup().camera == REFERENCE
        assert DriftProfile().setup("camera") == CameraSetup()
        assert DriftProfile(camera={}) == DriftProfile()

    def test_lists_and_single_numbers_are_what_they_mean(self) -> None:
        one = CameraSetup(black_level=0.1, white_balance=[2, 1, 2], view="ma,none,ga", cfa="BGGR")  # type: ignore[arg-type]
        assert one.camera == Camera((0.1,) * 4, (2.0, 1.0, 2.0), view="ma,none,ga", cfa="BGGR",  # type: ignore[arg-type]
                                    colour_matrix=REFERENCE.colour_matrix)  # fmt: skip
        assert one == CameraSetup(**vars_of(one))

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ({"mode": "residul"}, "camera.mode is 'residul': did you mean 'residual'?"),
            ({"mode": 3}, "camera.mode is 3: choose from: residual, full"),
            ({"oversample": 0}, "camera.oversample is 0: give a whole number from 1 to 4"),
            ({"oversample": 1.5}, "camera.oversample is 1.5: give a whole number from 1 to 4"),
            ({"oversample": 9}, "camera.oversample is 9: give a whole number from 1 to 4"),
            ({"gamma": 0}, "camera.gamma is 0: give a number above 0"),
            (
                {"white_balance": [-0.6, 1, 2]},
                "camera.white_balance is [-0.6, 1, 2]: give three gains above 0",
            ),
            (
                {"white_balance": [0, 1, 2]},
                "camera.white_balance is [0, 1, 2]: give three finite gains for red, green and "
                "blue, none of them 0",
            ),
            (
                {"black_level": 1.0},
                "camera.black_level is 1.0: give one number, or four by place, of the full scale "
                "and below 1",
            ),
            ({"view": "bi,none,fft"}, "camera.view is 'bi,none,fft': fft is for develop() alone"),
            ({"cfa": "XTRANS"}, "camera.cfa is 'XTRANS': choose from: RGGB, BGGR, GRBG, GBRG"),
            ({"gama": 2}, "unknown key camera.gama: did you mean 'gamma'?"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_told(self, written: dict[str, Any], message: str) -> None:
        with pytest.raises(SettingsError) as caught:
            DriftProfile(camera=written)
        assert str(caught.value) == message

    def test_a_matrix_without_an_inverse_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"^camera\.colour_matrix is .*: give one with an inv"):
            DriftProfile(camera={"colour_matrix": [[1, 1, 1], [1, 1, 1], [0, 0, 1]]})


def vars_of(setup: CameraSetup) -> dict[str, Any]:
    return {name: value for name, value in vars(setup).items() if name != "camera"}

"""What the sensors of raw files have seen, for a camera that learns to develop it."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from tifffile import imwrite

from raydrift.camera import CFA, DRONE, develop_views
from raydrift.camera.differentiable import Parametrised
from raydrift.drift.camera.raw import develop_raw, drift_raw
from raydrift.drift.camera.raw_sensed import check_of_sensor, common_camera, sensed_raw
from raydrift.drift.camera.sensed import Sensed
from raydrift.drift.camera.transform import CameraTransform
from raydrift.errors import ImageError, SettingsError
from raydrift.images.decoded import Decoded
from raydrift.images.raw.decoder import read_raw
from raydrift.settings import ImageSettings, RawSettings
from raydrift.transforms import DriftProfile, TransformInfo
from tests.raw_files import PRESET, dng, noise

MOSAIC = noise(24, 32)
SIZE = ImageSettings(height=24, width=32)
PLAIN = RawSettings(view="bi")
DECLARED = RawSettings(files="tiff", cfa="GRBG", bits=12, black=[100, 101, 102, 103], **PRESET)
SENSOR = [TransformInfo("isp_exposure", 0.5), TransformInfo("isp_bits", 0.8)]


def camera_file(**facts: Any) -> Decoded:
    found = read_raw(dng(MOSAIC), SIZE, PLAIN)
    return replace(found, facts=found.facts | facts)


def declared() -> Decoded:
    file = BytesIO()
    imwrite(file, MOSAIC)
    return read_raw(file.getvalue(), SIZE, DECLARED)


def developed(seen: Sensed) -> np.ndarray:
    """The picture of a mosaic, in grey levels."""
    ((_, picture),) = develop_views(seen.mosaic, seen.camera, [seen.camera.view])
    return picture * 255


def test_its_camera_develops_it_as_the_file_is_developed() -> None:
    """What was taken off a camera's file, gains and black level, changes no picture."""
    for file, raw in ((camera_file(), PLAIN), (declared(), replace(DECLARED, view="bi"))):
        seen, _ = sensed_raw(file, raw, size=MOSAIC.shape)
        assert (seen.mosaic.dtype, seen.mosaic.shape) == (np.float32, MOSAIC.shape)
        np.testing.assert_allclose(developed(seen), develop_raw(file, raw, SIZE).pixels, atol=0.51)


def test_black_and_gains_of_a_camera_file_are_taken_off() -> None:
    seen, _ = sensed_raw(camera_file(), PLAIN)
    other, _ = sensed_raw(camera_file(white_balance=[1.0, 1.0, 3.0]), PLAIN)
    assert seen.camera.black_level == (0,) * 4
    assert seen.camera == other.camera
    assert seen.camera.white_balance == (1, 1, 1)
    green = (MOSAIC[0, 1] - 101) / (4000 - 103)
    assert seen.mosaic[0, 1] == pytest.approx(min(green, 1), rel=1e-6)
    blue, dark = np.s_[1::2, 1::2], MOSAIC[1::2, 1::2] < 1000
    doubled = 2 * seen.mosaic[blue][dark]
    np.testing.assert_allclose(other.mosaic[blue][dark], doubled, rtol=1e-4)


def test_declared_mosaics_keep_their_gains() -> None:
    seen, _ = sensed_raw(declared(), DECLARED)
    unit = 4095 - 103
    assert seen.camera.black_level == (0,) * 4
    assert seen.camera.white_balance == DRONE.white_balance
    assert seen.camera.cfa == CFA.GRBG
    low = MOSAIC < 1000  # no highlight
    black = np.tile(np.array(DECLARED.black).reshape(2, 2), (12, 16))
    expected = (MOSAIC - black) / unit
    np.testing.assert_allclose(seen.mosaic[low], expected[low], atol=1e-6)


def test_black_may_be_above_half_of_white() -> None:
    raw = replace(DECLARED, black=[3000])
    file = declared()
    seen, _ = sensed_raw(replace(file, facts=file.facts | {"black": [3000.0] * 4}), raw)
    assert seen.mosaic.max() <= 1
    assert seen.mosaic.min() == pytest.approx((int(MOSAIC.min()) - 3000) / 1095)


def test_the_drifted_sensor_is_that_of_the_drifted_picture() -> None:
    drawn = {"seed": 3, "sample_id": 5, "profile": DriftProfile()}
    seen, drifted = sensed_raw(camera_file(), PLAIN, SENSOR, **drawn)
    again, same = sensed_raw(camera_file(), PLAIN, SENSOR, **drawn)
    assert (same.mosaic == drifted.mosaic).all()
    assert (again.mosaic == seen.mosaic).all()
    plain, _ = sensed_raw(camera_file(), PLAIN)
    assert (plain.mosaic == seen.mosaic).all()
    picture, _ = drift_raw(camera_file(), SENSOR, PLAIN, SIZE, **drawn)
    np.testing.assert_allclose(developed(drifted), picture.pixels, atol=0.51)


def test_the_learning_camera_begins_as_it() -> None:
    """Inside the border; it goes through luma and back, so not to the last bit."""
    seen, _ = sensed_raw(camera_file(), PLAIN)
    camera = common_camera([seen.facts], PLAIN)
    made = Parametrised(camera, plain=True, batch_norm=False)(torch.from_numpy(seen.mosaic)[None])
    known = (developed(seen) / 255).clip(0.00534, 1)
    found = made[0].detach().permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found[2:-2, 2:-2], known[2:-2, 2:-2], atol=2e-4)


def test_a_mosaic_of_another_size_is_rejected_with_the_remedy() -> None:
    with pytest.raises(ImageError) as caught:
        sensed_raw(camera_file(), PLAIN, size=(24, 24))
    assert caught.value.reason == (
        "its mosaic has 24 x 32 pixels, image.height x image.width is 24 x 24: set them to it, or "
        'cut files with raw.read = "tile"'
    )


def test_a_turned_file_is_rejected() -> None:
    with pytest.raises(ImageError, match="it is turned"):
        sensed_raw(read_raw(dng(MOSAIC, orientation=6), SIZE, PLAIN), PLAIN)


@pytest.mark.parametrize("name", ["isp", "isp_gamma", "isp_black_level", "rotate", "brightness"])
def test_what_develops_or_is_of_no_camera_is_refused(name: str) -> None:
    check_of_sensor([*SENSOR, TransformInfo("isp_noise", 1.0)], DriftProfile())
    with pytest.raises(SettingsError, match=f"^{name}: only the sensor may drift on raw files"):
        check_of_sensor([*SENSOR, TransformInfo(name, 0.1)], DriftProfile())


def test_a_transform_of_ones_own_is_known_by_what_it_changes() -> None:
    class Dust(CameraTransform):
        def draw(self, *_: Any) -> dict[str, Any]:
            return {}

        def seen(self, raw: Any, *_: Any, **__: Any) -> Any:
            return raw * np.float32(0.5)

    check_of_sensor([TransformInfo(Dust(), 0.5)], DriftProfile())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cfa": "GBRG"}, "the files have the patterns RGGB and GBRG"),
        ({"colour_matrix": DRONE.colour_matrix}, "the files have several colour matrices"),
    ],
)
def test_files_of_several_cameras_are_refused(change: dict[str, Any], said: str) -> None:
    seen, _ = sensed_raw(camera_file(), PLAIN)
    assert common_camera([seen.facts, seen.facts], RawSettings()) == replace(
        seen.camera,
        view="bi,u,ga",  # type: ignore[arg-type]  # the camera reads codes
    )
    other = {**seen.facts, **change}
    with pytest.raises(SettingsError, match=said):
        common_camera([seen.facts, other], PLAIN)

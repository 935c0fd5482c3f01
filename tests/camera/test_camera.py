from collections.abc import Mapping

import numpy as np
import pytest

from raydrift.camera import REFERENCE, XYZ_TO_CAMERA, Camera, View, colour_matrix_from
from raydrift.camera.matrices import inverse, product
from raydrift.errors import SettingsError


def test_a_camera_is_the_same_however_it_is_written() -> None:
    written = Camera(
        black_level=np.float32(0.25),  # type: ignore[arg-type]
        white_balance=[2, 1, np.float64(1.5)],  # type: ignore[arg-type]
        colour_matrix=np.eye(3),  # type: ignore[arg-type]
        view="ma,u",  # type: ignore[arg-type]
        cfa="GRBG",  # type: ignore[arg-type]
    )
    same = Camera((0.25,) * 4, (2.0, 1.0, 1.5), view=View.parse("ma,u,none"), cfa=written.cfa)
    assert (written, hash(written)) == (same, hash(same))


def test_the_published_cameras_have_the_published_constants(
    oracle: Mapping[str, np.ndarray], cameras: Mapping[str, Camera]
) -> None:
    for name, camera in cameras.items():
        for constant in ("black_level", "white_balance", "colour_matrix"):
            published = oracle[f"const/{name}/{constant}"]
            assert (np.array(getattr(camera, constant)) == published).all()


def test_the_reference_camera_is_the_mean_of_four() -> None:
    """Of "Unprocessing Images for Learned Raw Denoising"."""
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    from_srgb = np.mean(XYZ_TO_CAMERA, axis=0) @ to_xyz
    from_srgb /= from_srgb.sum(axis=1, keepdims=True)
    assert np.array(REFERENCE.colour_matrix) == pytest.approx(np.linalg.inv(from_srgb), abs=1e-14)
    assert REFERENCE.white_balance == (2.1, 1.0, 1.7)
    assert REFERENCE.black_level == (0.0625,) * 4
    assert str(REFERENCE.view) == "bi,none,none"


@pytest.mark.parametrize("xyz_to_camera", XYZ_TO_CAMERA)
def test_white_stays_white(xyz_to_camera: tuple) -> None:
    matrix = np.array(colour_matrix_from(xyz_to_camera))
    assert matrix.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-14)


def test_a_matrix_times_its_inverse_is_the_identity() -> None:
    matrix = REFERENCE.colour_matrix
    assert np.array(product(matrix, inverse(matrix))) == pytest.approx(np.eye(3), abs=1e-15)


FOUR = "give one number, or four by place, of the full scale and below 1"
GAINS = "give three finite gains for red, green and blue, none of them 0"
ROWS = "give three rows of three finite numbers"


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("black_level", (0.1, 0.2), FOUR),
        ("black_level", (), FOUR),
        ("black_level", 1.0, FOUR),
        ("black_level", (0, 0, 0, float("nan")), FOUR),
        ("black_level", "0.1", FOUR),
        ("black_level", True, FOUR),
        ("white_balance", (1, 0, 1), GAINS),
        ("white_balance", (1, 1), GAINS),
        ("white_balance", (1, 1, float("inf")), GAINS),
        ("white_balance", None, GAINS),
        ("colour_matrix", [[1, 0, 0], [0, 1, 0]], ROWS),
        ("colour_matrix", [1, 0, 0, 0, 1, 0, 0, 0, 1], ROWS),
        ("colour_matrix", [[1, 0, 0], [0, 1, 0], [0, 0, float("nan")]], ROWS),
        ("colour_matrix", [["a"] * 3] * 3, ROWS),
        ("gamma", 0, "give a number above 0"),
        ("gamma", (2.2, 2.2), "give a number above 0"),
        ("gamma", float("inf"), "give a number above 0"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, value: object, remedy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Camera(**{name: value})  # type: ignore[arg-type]
    assert str(caught.value) == f"{name} is {value!r}: {remedy}"

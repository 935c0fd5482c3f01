"""The picture of a calibration's curve."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from raydrift.calibrate import CalibrationProfile
from raydrift.calibrate.profile import MeasuredSample, MeasuringNetwork
from raydrift.errors import SettingsError
from raydrift.report.curve_plot import curve_plot
from raydrift.transforms import DriftProfile
from tests.calibrate.curves import DEFAULT_LEVELS, curve, like_default

ORANGE = (0xC2, 0x57, 0x0C)
PROFILE = CalibrationProfile(
    "kl_softmax",
    ("default",),
    curve(like_default, DEFAULT_LEVELS).points,
    MeasuredSample(256, 0, 224, 224, "catalog", 42, 0, "95 %"),
    MeasuringNetwork("w.pt", "abc", normalize=False, precision="float32"),
    DriftProfile(),
    {},
)


def pixels(png: bytes) -> np.ndarray:
    with Image.open(BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def test_the_target_is_marked_at_its_level() -> None:
    plain, marked = pixels(curve_plot(PROFILE)), pixels(curve_plot(PROFILE, 0.64))
    assert plain.shape == marked.shape == (810, 1350, 3)
    assert not (plain == ORANGE).all(-1).any()
    columns = np.nonzero((marked == ORANGE).all(-1))[1]
    axis_left, axis_right = columns.min(), 1328
    dot = np.bincount(columns).argmax()  # the line down to the level is the longest column
    assert (dot - axis_left) / (axis_right - axis_left) == pytest.approx(0.8, abs=0.02)


def test_the_same_profile_gives_the_same_picture() -> None:
    assert curve_plot(PROFILE, 0.64) == curve_plot(PROFILE, 0.64)


def test_a_target_out_of_reach_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"out of reach: there is 0 to 0\.96"):
        curve_plot(PROFILE, 2.0)

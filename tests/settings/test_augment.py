"""What an augmentation is asked for, and what it cannot be asked for."""

from typing import Any

import numpy as np
import pytest

from raydrift.errors import SettingsError
from raydrift.settings.augment import Augment
from raydrift.transforms import DriftProfile, TransformInfo


def names(augment: Augment) -> list[str]:
    return [str(info) for info in augment.transforms()]


def test_nothing_is_done_that_was_not_asked_for() -> None:
    assert Augment().transforms() == ()
    assert Augment().profile() == DriftProfile()
    assert Augment().written() == {}


def test_the_image_moves_first_then_its_levels_change_then_it_drifts() -> None:
    augment = Augment(
        drift=["jpeg_compression:0.2", TransformInfo("hue", 0.1)],
        contrast=(0.9, 1.1),
        brightness=(0.8, 1.3),
        channel_shift=9,
        rotate=20,
    )
    assert names(augment) == [
        "affine:1.0", "channel_shift:1.0", "brightness:1.0", "contrast:1.0",
        "jpeg_compression:0.2", "hue:0.1",
    ]  # fmt: skip
    profile = augment.profile()
    assert (profile["affine"].rotate, profile["affine"].zoom_low) == (20.0, 1.0)
    assert (profile["brightness"].low, profile["brightness"].high) == (0.8, 1.3)
    assert profile["channel_shift"].levels == 9.0


@pytest.mark.parametrize("moving", ["rotate", "shift", "shear", "zoom", "flip", "flip_vertical"])
def test_any_range_that_moves_the_image_is_one_warp(moving: str) -> None:
    assert names(Augment(**{moving: 0.1 if "flip" not in moving else True})) == ["affine:1.0"]


def test_a_zoom_and_factors_that_change_nothing_are_not_there() -> None:
    assert names(Augment(zoom=(1, 1), brightness=(1, 1), contrast=(1, 1), keep_aspect=True)) == []


def test_a_number_is_how_far_a_zoom_is_from_1() -> None:
    assert Augment(zoom=0.2) == Augment(zoom=(0.8, 1.2))


def test_the_other_ranges_are_those_of_the_profile() -> None:
    base = DriftProfile(hue={"turns": 0.1}, brightness={"span": 9})
    profile = Augment(brightness=(0.5, 1.5), drift=["hue:1"]).profile(base)
    assert profile["hue"].turns == 0.1
    assert profile["brightness"].draw(1.0, np.random.default_rng(0))["factor"] < 1.5


def test_what_is_written_is_read_back() -> None:
    augment = Augment(rotate=5, zoom=(0.9, 1.4), flip=True, fill="wrap", drift=["hue:0.5"])
    assert augment.written() == {
        "rotate": 5.0, "zoom": [0.9, 1.4], "flip": True, "fill": "wrap", "drift": ["hue:0.5"],
    }  # fmt: skip
    assert Augment(**augment.written()) == augment


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rotate": -1}, "rotate is -1.0: give a number of at least 0: it goes both ways"),
        ({"rotate": float("inf")}, "rotate is inf: give a number of at least 0: it goes both ways"),
        ({"rotate": "20"}, "rotate is '20': give a number"),
        ({"shift": 10}, "shift is 10.0: give a share of the image below 1, as 0.1"),
        ({"shear": 90}, "shear is 90.0: give less than 90 degrees"),
        (
            {"zoom": (0, 1.2)},
            "zoom is (0, 1.2): give two factors above 0, as [0.8, 1.2]: 1 leaves an image as it is",
        ),
        (
            {"zoom": 1.5},
            "zoom is 1.5: give a number from 0 to below 1, as 0.2, or two factors, as [0.8, 1.2]",
        ),
        ({"zoom": (1.2, 0.8)}, "zoom is (1.2, 0.8): give the least factor first"),
        (
            {"brightness": (-0.1, 1)},
            "brightness is (-0.1, 1): give two factors of at least 0, the last above 0, as "
            "[0.8, 1.2]: 1 leaves an image as it is",
        ),
        (
            {"contrast": 0.2},
            "contrast is 0.2: give two factors of at least 0, the last above 0, as [0.8, 1.2]: 1 "
            "leaves an image as it is",
        ),
        ({"channel_shift": 256}, "channel_shift is 256.0: give grey levels, 0 to 255"),
        ({"fill_value": -1}, "fill_value is -1.0: give a number of at least 0"),
        ({"fill": "black"}, "fill is 'black': choose from: nearest, reflect, constant, wrap"),
        ({"drift": "hue:1"}, "drift is 'hue:1': write a list, [\"gaussian_blur:0.5\"]"),
        (
            {"brightness": (0.8, 1.2), "drift": ["brightness:0.3"]},
            "drift has brightness:0.3, and brightness has a range in [augment] as well: leave out "
            "one of them",
        ),
        (
            {"flip": True, "drift": ["affine:0.3"]},
            "drift has affine:0.3, and rotate, shift, shear, zoom or flip has a range in [augment] "
            "as well: leave out one of them",
        ),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Augment(**given)
    assert str(caught.value) == f"augment.{said}"

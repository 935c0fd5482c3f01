"""What a run of copies is asked for."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings import TaskSettings
from raydrift.settings.augment import Augment
from raydrift.settings.copies import copies_settings, planned_settings
from raydrift.settings.toml import (
    adjust_settings,
    calibrate_settings,
    evaluate_settings,
    forensics_settings,
    generate_settings,
    matrix_settings,
    views_settings,
)

PLAIN = {"input": "in", "output": "out"}


def test_the_augmentation_is_its_transforms_and_their_ranges() -> None:
    table = {"rotate": 20, "zoom": [0.8, 1.2], "drift": ["hue:0.1"]}
    settings = copies_settings(PLAIN | {"copies": 3, "augment": table})
    assert settings.copies == 3
    assert [str(info) for info in settings.transforms] == ["affine:1.0", "hue:0.1"]
    assert settings.profile == Augment(rotate=20, zoom=(0.8, 1.2)).profile()


def test_the_ranges_of_other_transforms_stay() -> None:
    augment = {"rotate": 20, "drift": ["hue:0.1"]}
    settings = copies_settings(PLAIN | {"profile": {"hue": {"turns": 0.1}}, "augment": augment})
    assert settings.profile.ranges("hue") == {"turns": 0.1}
    assert settings.profile.ranges("affine")["rotate"] == 20.0


def test_there_is_one_copy_unless_there_are_more() -> None:
    assert copies_settings(PLAIN).copies == 1
    assert generate_settings(PLAIN).copies is None


def test_a_plan_is_of_either() -> None:
    assert planned_settings(PLAIN | {"transforms": ["hue:1"]}).copies is None
    assert planned_settings(PLAIN | {"augment": {"flip": True}}).copies == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"copies": 0}, "copies is 0: give at least 1"),
        ({"copies": None}, "copies is None: give how many there are to be of each image, as 3"),
        ({"augment": 20}, "augment is 20: write it as a table, [augment]"),
        ({"augment": {"rotation": 20}}, "unknown key augment.rotation: did you mean 'rotate'?"),
        ({"augment": {"flip": "yes"}}, "augment.flip is 'yes': give True or False"),
        (
            {"transforms": ["hue:0.1"]},
            "transforms: what is done to each copy stands in [augment]: write drift = "
            '["hue:0.1"] there',
        ),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        copies_settings(PLAIN | given)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "settings",
    [
        evaluate_settings,
        calibrate_settings,
        views_settings,
        matrix_settings,
        forensics_settings,
        adjust_settings,
    ],
)
def test_what_looks_at_each_image_once_refuses_copies(settings: Any) -> None:
    task = {"task": TaskSettings("m.pt2")}
    if settings in (calibrate_settings, views_settings, matrix_settings):
        task = {}
    with pytest.raises(SettingsError) as caught:
        settings(PLAIN | task | {"copies": 3})
    assert str(caught.value) == "copies is 3: only generate and flow make copies: leave it out"


def test_a_drift_on_the_timeline_of_copies_has_its_own_range() -> None:
    """As in a flow: a range of the augmentation would be that of the drift, too."""
    values = {
        "input": "a",
        "output": "b",
        "augment": {"brightness": [0.9, 1.1]},
        "drift": [{"transforms": ["brightness:1"]}],
    }
    with pytest.raises(
        SettingsError, match=r"^drift has brightness:1.0, and brightness has a rang"
    ):
        copies_settings(values)

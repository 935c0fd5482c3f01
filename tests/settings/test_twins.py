"""Where a transform blends images with their twins, there have to be some."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings.augment import Augment
from raydrift.settings.flow import FlowSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.toml import calibrate_settings, evaluate_settings, generate_settings
from raydrift.settings.written import run_toml
from raydrift.transforms import DriftProfile, TransformInfo

IN_AND_OUT = {"input": "in", "output": "out"}
MISSING = (
    "twin: what is each image blended with? Give --twins PATH, or twins in a TOML file: the output "
    "of raydrift translate, or a folder with images of the same paths"
)


def refusal(build: Any, *args: Any, **values: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        build(*args, **values)
    return str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"transforms": ["twin:0.4"]},
        {"transforms": ["hue:1", "twin:5e-324"]},
        {"drift": [{"transforms": ["twin:1"], "kind": "seasonal", "period": 9}]},
    ],
)
def test_without_twins_a_run_is_refused(values: dict[str, Any]) -> None:
    assert refusal(generate_settings, IN_AND_OUT | values) == MISSING
    assert generate_settings(IN_AND_OUT | values | {"twins": "winter"}).twins == "winter"


def test_level_0_needs_none() -> None:
    assert generate_settings(IN_AND_OUT | {"transforms": ["twin:0"]}).twins is None


@pytest.mark.parametrize("build", [evaluate_settings, calibrate_settings])
def test_nor_is_anything_measured(build: Any) -> None:
    told = {"input": "in", "transforms": ["twin"]}
    told |= IN_AND_OUT if build is evaluate_settings else {}
    assert refusal(build, told) == MISSING
    assert build(told | {"twins": "winter"}).run.twins == "winter"


def test_raw_files_flows_and_augmentations_know_no_twins() -> None:
    told = {**IN_AND_OUT, "transforms": ["twin:0.4"], "twins": "winter"}
    assert refusal(generate_settings, told | {"raw": {}}).startswith("twin: raw files have no")
    assert refusal(Augment, drift=["twin:0.4"]).startswith("augment.drift has twin: an augment")
    drift = [{"transforms": ["twin:1"]}]
    run = generate_settings(IN_AND_OUT | {"drift": drift, "twins": "winter"})
    assert refusal(FlowSettings, run).startswith("twin: a flow reads no twins: make the drifted")
    replacing = generate_settings(IN_AND_OUT | {"drift": [{"replace": "synthetic"}]})
    assert refusal(FlowSettings, replacing).startswith("drift.replace: a flow compares images")


def test_a_transform_that_becomes_one_blends_as_well() -> None:
    profile = DriftProfile()
    assert profile.blends([TransformInfo.parse("twin:0.1")])
    assert not profile.blends([TransformInfo.parse("default:0.9"), TransformInfo.parse("twin:0")])


def test_a_login_in_their_places_is_not_written() -> None:
    place = "s3://key:word@bucket/winter"
    drift = [{"replace": place}]
    text = run_toml(GenerateSettings("in", "out", twins=place))
    also = run_toml(generate_settings(IN_AND_OUT | {"drift": drift}))
    for one in (text, also):
        assert "winter" in one
        assert "word" not in one

"""The ranges of all transforms: as they are given, written and used."""

from dataclasses import replace
from typing import Any

import pytest

from raydrift.drift.photo.rotate import Rotate
from raydrift.errors import SettingsError
from raydrift.settings.toml import as_dict, generate_settings
from raydrift.transforms import DriftProfile, ImageTransform, TransformInfo
from raydrift.transforms.profile import _OLD, old_ranges


def test_a_profile_has_the_ranges_that_are_given_and_else_those_of_the_transforms() -> None:
    profile = DriftProfile(rotate={"degrees": 30.0})
    assert profile["rotate"] == profile[ImageTransform.ROTATE] == Rotate(degrees=30.0)
    assert profile["hue"] == DriftProfile()["hue"]
    assert DriftProfile(rotate=Rotate(degrees=30.0)) == profile
    assert DriftProfile(rotate={"degrees": 90.0}) == DriftProfile()


def test_it_is_a_value() -> None:
    profile = DriftProfile(rotate={"degrees": 30.0})
    wider = replace(profile, hue={"turns": 0.2}, rotate=Rotate(degrees=60.0))
    assert wider == DriftProfile(hue={"turns": 0.2}, rotate={"degrees": 60.0})
    assert replace(wider, given=profile.given) == replace(profile) == profile
    assert {profile: 1}[DriftProfile(rotate=Rotate(degrees=30.0))] == 1
    assert hash(profile) != hash(wider)


def test_it_is_written_as_it_is_read() -> None:
    values = {"input": "a", "output": "b", "profile": {"hue": {"turns": 0.1}}}
    assert as_dict(generate_settings(values))["profile"] == {"hue": {"turns": 0.1}}


@pytest.mark.parametrize("key", _OLD)
def test_a_key_of_earlier_versions_is_answered_with_the_new_one(key: str) -> None:
    with pytest.raises(SettingsError) as error:
        generate_settings({"input": "a", "output": "b", "profile": {key: 1}})
    name, _, item = _OLD[key].partition(".")
    assert str(error.value) == (
        f"profile.{key} is profile.{name}.{item} now: write [profile.{name}] {item} = 1, "
        f"or DriftProfile({name}={{{item!r}: 1}})"
    )
    assert old_ranges({key: 1}) == {name: {item: 1}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rotat": {}}, "profile: unknown transform 'rotat': did you mean 'rotate'?"),
        ({"rotate": 30}, "profile.rotate is 30: write it as a table, [profile.rotate]"),
        ({"rotate": {"degree": 3}}, "unknown key profile.rotate.degree: did you mean 'degrees'?"),
        ({"hue": Rotate()}, "profile.hue is a rotate: give the ranges of hue"),
    ],
)
def test_what_cannot_be_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        DriftProfile(**given)
    assert str(error.value) == said


def test_only_what_pixels_depend_on_is_in_use() -> None:
    profile = DriftProfile(rotate={"degrees": 30.0})
    infos = [TransformInfo("rotate", 0.5), TransformInfo("hue", 0.0)]
    assert profile.in_use(infos) == {"rotate": {"degrees": 30.0}}
    above = [TransformInfo("default", 0.8)]
    assert profile.in_use(above) == {
        "default": {"noise_offset": 0.4},
        "gaussian_noise": {"mean": 0.1, "sigma": 0.5},
    }
    assert set(profile.in_use((), above)) == {"default", "gaussian_blur", "gaussian_noise"}
    assert profile.in_use((), above)["default"] == {"switch": 0.5, "noise_offset": 0.4}

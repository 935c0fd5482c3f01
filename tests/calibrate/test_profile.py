"""Profiles: written, read, checked against a run, and asked for its transforms."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from raydrift.calibrate import CalibrationProfile, Curve, calibrated
from raydrift.calibrate.profile import MeasuredSample, MeasuringNetwork
from raydrift.errors import SettingsError
from raydrift.schedules.drift import Drift
from raydrift.settings import (
    CalibrationSettings,
    EmbeddingSettings,
    GenerateSettings,
    ImageSettings,
)
from raydrift.transforms import DriftProfile, TransformInfo
from tests.calibrate.curves import DEFAULT_LEVELS, curve, like_default

SAMPLE = MeasuredSample(
    images=256,
    rejected=2,
    height=224,
    width=224,
    input="catalog",
    seed=42,
    start=0,
    interval="95 %",
)
NETWORK = MeasuringNetwork(weights="w.pt", digest="abc", normalize=False, precision="float32")
PROFILE = CalibrationProfile(
    metric="kl_softmax",
    transforms=("hue:0.3", "default"),
    curve=curve(like_default, DEFAULT_LEVELS).points,
    sample=SAMPLE,
    network=NETWORK,
    ranges=DriftProfile(),
    versions={"numpy": "2.4"},
)
RUN = GenerateSettings(input="in", output="out", embedding=EmbeddingSettings(compute=True))


def test_it_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    for path in (str(tmp_path / "profile.toml"), tmp_path / "another.toml"):
        PROFILE.save(path)
        assert CalibrationProfile.load(path) == PROFILE


def with_others(profile: CalibrationProfile) -> CalibrationProfile:
    """As it is with intervals for 64 other images, which are twice as wide."""
    curve = tuple(
        replace(one, other_low=0.8 * one.divergence, other_high=1.2 * one.divergence)
        for one in profile.curve
    )
    return replace(profile, curve=curve, sample=replace(SAMPLE, for_images=64))


def test_intervals_for_other_samples_are_kept_and_told_apart(tmp_path: Path) -> None:
    profile = with_others(PROFILE)
    profile.save(tmp_path / "profile.toml")
    read = CalibrationProfile.load(tmp_path / "profile.toml")
    assert read == profile
    assert read.sample.for_images == 64
    low, high = read.interval_for(0.64)
    other_low, other_high = read.interval_for(0.64, other=True)
    assert other_low < low < read.level_for(0.64) < high < other_high
    assert (low, high) == PROFILE.interval_for(0.64)


def test_profiles_without_them_are_read_and_say_so() -> None:
    """As all that an earlier version wrote."""
    assert "for_images" not in PROFILE.to_toml()
    assert "other_low" not in PROFILE.to_toml()
    with pytest.raises(SettingsError, match="nothing was measured: give for_images"):
        PROFILE.interval_for(0.64, other=True)
    half = (replace(PROFILE.curve[0], other_low=0.0, other_high=1.0), *PROFILE.curve[1:])
    with pytest.raises(SettingsError, match="for another sample at all levels, or none"):
        Curve(half)


def test_the_file_is_readable() -> None:
    text = PROFILE.to_toml()
    assert text.startswith("# Which level of a drift gives which divergence")
    plain = tomllib.loads(text)
    assert plain["format"] == 2
    assert plain["metric"] == "kl_softmax"
    assert plain["transforms"] == ["hue:0.3", "default"]
    assert plain["curve"][5]["level"] == 0.5
    assert plain["sample"]["images"] == 256
    assert plain["network"]["digest"] == "abc"
    assert plain["ranges"]["gaussian_blur"] == {"sigma": 3.0, "kernel": 5}


def test_a_target_becomes_transforms() -> None:
    level = PROFILE.level_for(0.64)
    assert level == 0.8
    assert PROFILE.transforms_for(0.64) == (
        TransformInfo.parse("hue:0.3"),
        TransformInfo.parse("default:0.8"),
    )


def test_a_calibrated_level_is_a_share_of_the_divergence_at_full_level() -> None:
    assert PROFILE.target_of(0) == 0
    assert PROFILE.target_of(1) == pytest.approx(0.96)
    assert PROFILE.target_of(0.25) == pytest.approx(0.24)
    auc = replace(PROFILE, curve=curve(lambda level: 0.5 + level / 2).points)
    assert auc.target_of(0.5) == pytest.approx(0.75), "from the value at level 0 on"
    with pytest.raises(SettingsError, match=r"calibrated level: level 1.5 is not a number from 0"):
        PROFILE.target_of(1.5)


def refusal(settings: GenerateSettings, weights: str | None = "abc") -> str:
    with pytest.raises(SettingsError) as error:
        PROFILE.check(settings, weights, "catalog")
    return str(error.value)


REMEDY = ": set it as it was, or calibrate again"


def test_what_changes_the_divergence_is_an_error() -> None:
    assert refusal(replace(RUN, image=ImageSettings(96, 128))) == (
        f"image size is (96, 128) here and was (224, 224) when it was measured{REMEDY}"
    )
    assert refusal(replace(RUN, profile=DriftProfile(gaussian_blur={"sigma": 6.0}))) == (
        f"profile.gaussian_blur.sigma is 6.0 here and was 3.0 when it was measured{REMEDY}"
    )
    assert refusal(RUN, "other") == (
        "it was measured with other weights (w.pt): give those, or calibrate again"
    )
    other = replace(RUN, embedding=EmbeddingSettings(compute=True, normalize=True))
    assert refusal(other).startswith("embedding.normalize is True here")


def test_what_may_be_meant_is_told() -> None:
    assert PROFILE.check(RUN, "abc", "catalog") == []
    assert PROFILE.check(replace(RUN, seed=7, shuffle=False), "abc", "catalog") == []
    half = replace(RUN, embedding=EmbeddingSettings(compute=True, precision="bfloat16"))
    assert PROFILE.check(half, "abc", "other") == [
        "the calibration's embeddings were float32",
        "the calibration was made on other images",
    ]


def test_a_run_that_embeds_nothing_need_not_have_the_weights() -> None:
    assert PROFILE.check(replace(RUN, embedding=EmbeddingSettings()), None, "catalog") == []


def asking(path: object, **values: Any) -> GenerateSettings:
    return replace(RUN, calibration=CalibrationSettings(str(path), **values))


def test_a_runs_settings_get_the_transforms_and_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    PROFILE.save(str(path))
    settings, notes = calibrated(asking(path, target=0.64), "catalog", "abc")
    assert [str(info) for info in settings.transforms] == ["hue:0.3", "default:0.8"]
    assert len(notes) == 1
    assert notes[0].startswith(
        f"hue:0.3, default:0.8 for kl_softmax 0.64 by profile {path} (SHA-256 "
    )
    by_share, _ = calibrated(asking(path, level=2 / 3), "catalog", "abc")
    assert by_share.transforms == settings.transforms


def test_copies_get_them_after_their_augmentation(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    PROFILE.save(str(path))
    flip = (TransformInfo("affine", 1.0),)
    asked = replace(asking(path, target=0.64), copies=2, transforms=flip)
    settings, _ = calibrated(asked, "catalog", "abc")
    assert list(map(str, settings.transforms)) == ["affine:1.0", "hue:0.3", "default:0.8"]


def test_drifts_without_transforms_are_calibrated_instead_of_every_sample(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    PROFILE.save(str(path))
    drift = (Drift(kind="gradual", start=0.5, width=0.1), Drift(["rotate:0.2"], start=0.9))
    asked = replace(asking(path, target=0.64), drift=drift)
    settings, notes = calibrated(asked, "catalog", "abc")
    assert settings.transforms == ()
    assert list(map(str, settings.drift)) == ["gradual hue:0.3 + default:0.8", "abrupt rotate:0.2"]
    assert settings.drift[0].start == 0.5
    assert notes[0].startswith("hue:0.3, default:0.8 for kl_softmax 0.64 by profile")


def test_what_goes_wrong_names_the_profile(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    PROFILE.save(str(path))

    def said(settings: GenerateSettings) -> str:
        with pytest.raises(SettingsError) as error:
            calibrated(settings, "catalog", "abc")
        return str(error.value)

    assert said(asking(path, target=2.0)) == (
        f"profile {path}: kl_softmax of hue:0.3, default: divergence 2 is out of reach: "
        "there is 0 to 0.96"
    )
    assert said(asking(tmp_path / "no.toml", target=2.0)) == (
        f"profile {tmp_path}/no.toml: No such file or directory"
    )
    assert said(replace(asking(path, target=0.5), transforms=(TransformInfo.parse("hue:1"),))) == (
        "a profile brings its transforms: leave out transforms (-t)"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("format = ", "is not one of raydrift calibrate (Invalid value"),
        ("[x]\ny = 1", "is not one of raydrift calibrate (format is None, not 2)"),
        ("format = 2\nranges = {}\nmetric = 'kl_softmax'", "(transforms: Field required)"),
        ("format = 2\nmetric = 'kl_softmax'", "(ranges: they are missing, or no tables)"),
        (PROFILE.to_toml().replace("level = 0.1\n", "level = 'x'\n"), "(curve.1.level: "),
        (PROFILE.to_toml().replace("level = 0.1\n", "level = 0.9\n"), "in rising order"),
        (
            PROFILE.to_toml().replace('"default"', '"swirl"'),
            "was measured with swirl: unknown transform 'swirl'",
        ),
        (
            PROFILE.to_toml().replace('"default"', '"my_swirl:Swirl"'),
            "was measured with my_swirl:Swirl: transform 'my_swirl:Swirl': there is no module "
            "my_swirl: install its package, or run where my_swirl.py is",
        ),
        (PROFILE.to_toml().replace('"default"', '"hue:1"'), "no transform sweeps"),
    ],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(content)
    with pytest.raises(SettingsError) as error:
        CalibrationProfile.load(str(path))
    assert str(error.value).startswith(f"profile {path} ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"target": 0.5}, "calibration: give a profile with either a target or a level"),
        ({"profile": "p"}, "calibration: give a profile with either a target or a level"),
        (
            {"profile": "p", "target": 0.5, "level": 0.5},
            "calibration: give a profile with either a target or a level",
        ),
        (
            {"profile": "p", "level": 1.5},
            "calibration.level: level 1.5 is not a number from 0 (none) to 1 (most)",
        ),
    ],
)
def test_what_is_asked_for_has_to_make_sense(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        CalibrationSettings(**values)
    assert str(error.value) == said

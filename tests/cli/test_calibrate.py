"""``raydrift calibrate``, and ``raydrift generate`` by what it wrote."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift import ImageDatasetGenerator
from raydrift.calibrate import CalibrationProfile
from raydrift.cli import run
from raydrift.errors import SettingsError

SMALL = ["--weights", "random", "--image-size", "64", "--workers", "1"]


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_calibrate_then_generate_by_target_and_by_share(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a metric between sets of images, and a transform that stays at its level.

    The target of the first command is out of reach; what was measured is kept.
    """
    monkeypatch.chdir(tmp_path)
    command = ["calibrate", str(scenes), *SMALL, "--num-samples", "16", "--plot", "curve.png"]
    transforms = ["-t", "hue:0.3", "-t", "gaussian_blur"]
    asked = ["--metric", "energy_distance", "--target", "99", "--for-images", "16"]
    assert run([*command, *transforms, *asked]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("energy_distance of hue:0.3, gaussian_blur on 16 images\n")
    assert said.out.endswith("curve: curve.png\nprofile: profile.toml\n")
    assert (
        "interval: 95 % for the mean over all samples of 16 images like these, and for another "
        "sample of 16 images: 2.05 standard errors, from 30 random halves of the images"
    ) in said.out
    assert "95 % of 16 other images" in said.out
    assert "round 1: 16 images at 11 levels (0, 0.1, " in said.err
    profile = CalibrationProfile.load("profile.toml")
    values = [point.divergence for point in profile.curve]
    assert said.err.splitlines()[-1] == (
        "raydrift: energy_distance of hue:0.3, gaussian_blur: divergence 99 is out of reach: "
        f"there is {min(values):.4g} to {max(values):.4g}"
    )
    with Image.open("curve.png") as picture:
        assert picture.size == (1350, 810)

    assert profile.curve[0].divergence > 0, "of the hue"
    target = profile.target_of(0.5)
    level = profile.level_for(target)
    generate = ["generate", str(scenes), "out", "--num-samples", "3", "--image-size", "64"]
    by_target = [*generate, "--profile", "profile.toml", "--target", repr(target)]
    assert run(by_target) == 0
    told = f"hue:0.3, gaussian_blur:{level} for energy_distance {target:g} by profile profile.toml"
    assert f"  {told} (SHA-256 " in capsys.readouterr().out
    record = json.loads(Path("out/run.json").read_text())
    assert record["settings"]["transforms"] == ["hue:0.3", f"gaussian_blur:{level}"]
    asked = {"profile": "profile.toml", "target": target, "level": None}
    assert record["settings"]["calibration"] == asked
    assert record["notes"][0].startswith(told)
    steps = pq.read_table("out/provenance.parquet")["transforms"].to_pylist()
    assert {step["level"] for sample in steps for step in sample} == {0.3, level}

    assert run(by_target) == 0
    assert "complete already: nothing was done" in capsys.readouterr().out
    by_share = [*generate, "--profile", "profile.toml", "--level", "0.5"]
    assert run(by_share) == 0, "which is the same level, and so the same run"
    assert "complete already: nothing was done" in capsys.readouterr().out
    assert run([*by_share[:-1], "0.8"]) == 2
    assert "output out holds another run (transforms is" in capsys.readouterr().err

    generator = ImageDatasetGenerator(seed=42, input_path=scenes, input_dim=(64, 64))
    generator.add_calibrated_drift("profile.toml", target=target)
    assert generator.transforms == profile.transforms_for(target)
    generator.add_calibrated_drift(profile, level=0.8)
    assert generator.transforms == profile.transforms_for(profile.target_of(0.8))
    generator.sample("python", num_samples=2)
    notes = json.loads(Path("python/run.json").read_text())["notes"]
    assert notes[0].startswith(f"hue:0.3, {generator.transforms[1]} for energy_distance ")
    assert " by profile in memory (SHA-256 " in notes[0]
    generator.add_abrupt_drift(drift_level=0.5)
    generator.sample("after", num_samples=2)
    assert json.loads(Path("after/run.json").read_text())["notes"] == []
    with pytest.raises(SettingsError, match="give a profile with either a target or a level"):
        generator.add_calibrated_drift(profile)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--metric", "kl"], "unknown metric 'kl': choose from: kl_softmax, gaussian_kl"),
        (["-t", "hue:0.3"], "no transform sweeps: hue:0.3 is held: give one without a level"),
        (["-t", "swirl"], "unknown transform 'swirl'"),
        (["--num-samples", "9"], "9 images: too few to calibrate on: give at least 16"),
        (["--output", "notes.txt"], "output notes.txt is there and is no profile"),
        (["--output", "no/p.toml"], "output no/p.toml: its folder is not there: make it, or"),
        (["--plot", "no/p.png"], "output no/p.png: its folder is not there: make it, or"),
        (["--target", "nan"], "target is nan: give a finite number"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_measured(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("mine")
    assert run(["calibrate", str(scenes), *SMALL, *arguments]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrc = 'kl'", "unknown key calibration.metrc: did you mean 'metric'?"),
        (
            "level = 0.5",
            "unknown key calibration.level: choose from: profile, metric, target, plot",
        ),
        ("target = 'far'", "calibration.target is 'far': give a number"),
        ("metric = 'kl'", "unknown metric 'kl': choose from: kl_softmax"),
        ("plot = 'no/p.png'", "output no/p.png: its folder is not there"),
    ],
)
def test_the_files_table_is_read_as_the_flags_are(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    config = tmp_path / "calibrate.toml"
    config.write_text(f"[calibration]\n{text}\n")
    assert run(["calibrate", str(scenes), *SMALL, "--config", str(config)]) == 2
    assert said in capsys.readouterr().err


def test_a_flag_goes_before_the_file(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "calibrate.toml"
    config.write_text('[calibration]\nprofile = "no/p.toml"\nmetric = "kl_softmax"\n')
    command = ["calibrate", str(scenes), *SMALL, "--config", str(config)]
    assert run(command) == 2
    assert "output no/p.toml: its folder is not there" in capsys.readouterr().err
    assert run([*command, "--output", "neither/p.toml"]) == 2
    assert "output neither/p.toml: its folder is not there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--profile", "p.toml"], "calibration: give a profile with either a target or a level"),
        (["--target", "0.5"], "calibration: give a profile with either a target or a level"),
        (["--profile", "no.toml", "--target", "1"], "profile no.toml: No such file or directory"),
        (
            ["--profile", "p.toml", "--target", "1", "-t", "hue:1"],
            "a profile brings its transforms: leave out transforms (-t)",
        ),
    ],
)
def test_generate_wants_a_profile_that_fits(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["generate", str(scenes), "out", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not Path("out").exists()

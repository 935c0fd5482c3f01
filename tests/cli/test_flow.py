"""``raydrift flow`` as it is typed."""

import json
from pathlib import Path

import pytest

import raydrift
from raydrift.cli import run
from tests.cli.refused import refusal


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--copies", "0"], "copies is 0: give at least 1"),
        (["--rotate", "-3"], "augment.rotate is -3.0: give a number of at least 0: it goes both"),
        (["--zoom", "0", "1.2"], "augment.zoom is (0.0, 1.2): give two factors above 0, as [0.8"),
        (["--zoom", "1.2", "0.8"], "augment.zoom is (1.2, 0.8): give the least factor first"),
        (["--brightness", "-1", "1"], "augment.brightness is (-1.0, 1.0): give two factors of at"),
        (["--fill", "black"], "augment.fill is 'black': choose from: nearest, reflect, constant"),
        (["--drift", "hue"], "transform 'hue': the level is missing: write hue:0.5 (0 none, 1 mo"),
        (
            ["--contrast", "0.8", "1.2", "--drift", "contrast:0.1"],
            "augment.drift has contrast:0.1, and contrast has a range in [augment] as well: leave",
        ),
        (["--copies", "2", "--num-samples", "145"], "145 samples asked for, 144 remain"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    found = refusal(capsys, "flow", scenes, tmp_path / "out", *arguments)
    assert found.startswith(f"raydrift: {said}")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("ray_session")
def test_copies_by_flags_over_a_file_then_once_more(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = tmp_path / "flow.toml", tmp_path / "out"
    config.write_text('copies = 2\n[augment]\nrotate = 5\nflip = true\ndrift = ["hue:0.1"]\n')
    command = ["flow", str(scenes), str(out), "--config", str(config), "--rotation", "20"]
    command += ["--zoom", "0.8", "1.2", "--image-size", "16", "--shard-size", "72"]
    assert run(command) == 0
    said = capsys.readouterr().out
    assert said.startswith("144 images in ")
    assert run(command) == 0
    assert "144 images, complete already: nothing was done" in capsys.readouterr().out
    assert run(["inspect", str(out)]) == 0
    said = capsys.readouterr().out
    assert "whole: all files are there and belong together" in said
    assert "copies                 2 of each image" in said

    settings = json.loads((out / "run.json").read_text())["settings"]
    assert (settings["copies"], settings["transforms"]) == (2, ["affine:1.0", "hue:0.1"])
    affine = settings["profile"]["affine"]
    assert (affine["rotate"], affine["flip"], affine["zoom_low"]) == (20.0, True, 0.8)
    rows = raydrift.open(out).provenance
    pairs = set(zip(rows["draw_id"].to_pylist(), rows["epoch"].to_pylist(), strict=True))
    assert pairs == {(image, epoch) for image in range(72) for epoch in range(2)}


def test_a_plan_shows_the_curriculum(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, picture = tmp_path / "flow.toml", tmp_path / "plan.png"
    config.write_text(
        "copies = 3\n[augment]\nflip = true\n"
        '[[drift]]\ntransforms = ["gaussian_blur:0.5"]\nkind = "incremental"\nwidth = 1.0\n'
    )
    assert run(["plan", str(scenes), str(picture), "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "affine:1.0 on every sample" in said
    assert "incremental gaussian_blur:0.5 from sample 0 over 216" in said
    assert picture.is_file()

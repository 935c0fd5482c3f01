"""``raydrift translate`` and ``raydrift synthesize`` as they are typed."""

from pathlib import Path

import pytest

from raydrift.cli import run
from tests.cli.refused import refusal
from tests.engine.test_synthesize import write_tiny_model


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give either --to TARGET, the other domain to train on, or --model EARLIER"),
        (["--to", "nowhere"], "input nowhere"),
        (["--to", "t", "--trainers", "two"], "train.workers is 'two': give \"auto\" or a whole "),
        (["--to", "t", "--image-size", "66"], "image.height is 66: the network needs a multiple"),
        (["--to", "t", "--epochs", "0"], "train.epochs is 0: give at least 1"),
        (["--to", "t", "-t", "hue:0.5"], "No such option: -t"),
        (["--model", "nowhere"], "model nowhere is not there: give the folder of a finished run"),
    ],
)
def test_a_translation_that_cannot_be_is_refused_in_one_line(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    found = refusal(capsys, "translate", scenes, tmp_path / "out", *arguments)
    assert found.startswith(f"raydrift: {said}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--image-size", "100"], "image.height is 100: the network needs a power of 2 of at "),
        (["--classes", "both"], "stylegan.classes is 'both': choose from: conditional, separate"),
        (["--kimg", "0"], "train.kimg is 0.0: give a number above 0"),
        (["--truncation", "-1"], "stylegan.truncation is -1.0: give a number from 0, as 0.7"),
    ],
)
def test_a_synthesis_that_cannot_be_is_refused_in_one_line(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    found = refusal(capsys, "synthesize", scenes, tmp_path / "out", *arguments)
    assert found.startswith(f"raydrift: {said}")


@pytest.mark.usefixtures("ray_session")
def test_with_a_model_the_only_argument_is_the_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_tiny_model(tmp_path / "model.safetensors", ("boat", "flower"))
    out = tmp_path / "out"
    command = ["synthesize", str(out), "--model", str(model), "--num-samples", "2"]
    assert run(command) == 0
    assert capsys.readouterr().out.startswith("4 images in ")
    assert run(["inspect", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"model                  {model}, " in said
    assert "network                generator" in said
    assert "whole: all files are there and belong together" in said

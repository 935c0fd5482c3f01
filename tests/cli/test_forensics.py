"""``raydrift forensics`` as it is typed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from raydrift.cli import run
from raydrift.images.codec import decode
from raydrift.settings import ImageSettings
from tests.cli.refused import refusal
from tests.tasks.models import SmallNet, save_program


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "task is missing: whom do cameras harm? give --task PATH, or [task]"),
        (["--task", "no.pt2"], "task 'no.pt2': No such file or directory: give the path of a mod"),
        (["--task", "m", "--parts", "isp_noise"], "forensics.parts: isp_noise is random, another"),
        (["--task", "m", "--parts", "all,hue"], "forensics.parts: hue is not of a camera: give a"),
        (["--task", "m", "--levels", "0,1"], "levels is 0.0: at level 0 there is one camera alon"),
        (["--task", "m", "--penalty", "l3"], "forensics.penalty is 'l3': choose from: none, l2,"),
        (["--task", "m", "--task-drop", "2"], "task.drop is 2.0: give a number from 0 to 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_in_one_line(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    output = tmp_path / "out"
    line = refusal(capsys, "forensics", scenes, output, *arguments)
    assert line.startswith(f"raydrift: {said}")
    assert not output.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_it_says_what_it_found_and_how_its_images_are_made(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in scenes.rglob("*_00[0-3].jpg"):
        (tmp_path / "in" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "in" / path.parent.name)
    paths = sorted((tmp_path / "in").rglob("*.jpg"))
    size = ImageSettings(height=32, width=32)
    pixels = np.stack([decode(path.read_bytes(), size) for path in paths])
    names = sorted({path.parent.name for path in paths})
    labels = np.array([names.index(path.parent.name) for path in paths])
    model = save_program(SmallNet().fit(pixels, labels), tmp_path / "m.pt2", size=32)
    out = tmp_path / "out"
    command = ["forensics", str(tmp_path / "in"), str(out), "--task", str(model)]
    command += ["--parts", "isp_gamma", "--levels", "0.5,1", "--steps", "3", "--restarts", "2"]
    assert run([*command, "--image-size", "32", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[0].startswith("24 images, behind ")
    assert "│ isp_gamma" in said
    assert any(line.startswith("  the worst camera: isp_gamma ") for line in lines)
    names = ["report.html", "forensics.png", "forensics.parquet", "worst.toml", "cameras/"]
    assert lines[-7:-1] == [f"  {out}/{name}" for name in (*names, "forensics.json")]
    assert lines[-1] == f"  its images: raydrift generate INPUT OUTPUT --config {out}/worst.toml"
    written = str(tmp_path / "written")
    worst = str(out / "worst.toml")
    assert run(["generate", str(tmp_path / "in"), written, "--config", worst]) == 0

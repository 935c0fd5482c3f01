"""``raydrift adjust`` as it is typed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from raydrift.cli import run
from raydrift.images.codec import decode
from raydrift.settings import ImageSettings
from raydrift.storage import layout
from tests.cli.refused import refusal
from tests.tasks.models import SmallNet, save_program


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "no.pt2"], "task 'no.pt2': No such file or directory: give the path of a mod"),
        (["--task", "m", "--learn", "some"], "learn is 'some': choose from: all, last, none"),
        (["--task", "m", "--processor", "isp"], "processor is 'isp': choose from: parametrized, "),
        (["--task", "m", "--stages", "101"], "stages is 101: give at most 100 images, or 0"),
        (["--task", "m", "--epochs", "0"], "epochs is 0: give at least 1"),
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
    line = refusal(capsys, "adjust", scenes, output, *arguments)
    assert line.startswith(f"raydrift: {said}")
    assert not output.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("stages", [0, 1])
def test_it_says_what_it_found_and_where_it_is(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], stages: int
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
    command = ["adjust", str(tmp_path / "in"), str(out), "--task", str(model), "--learn", "none"]
    command += ["-t", "isp_gamma:1.0", "--splits", "1", "--epochs", "2", "--batch-size", "6"]
    command += ["--stages", str(stages), "--image-size", "32", "--workers", "1"]
    assert run(command) == 0
    said = capsys.readouterr().out
    assert "2 trainings on 24 images" in said
    assert "with a camera that learns, " in said
    listed = {Path(line.strip()).name for line in said.splitlines() if str(out) in line}
    assert listed == {path.name for path in out.iterdir()}
    assert (layout.STAGES in listed) == (layout.PREDICTIONS in listed) == bool(stages)

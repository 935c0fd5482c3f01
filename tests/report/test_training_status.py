"""How far a training is, from its folder alone."""

from pathlib import Path

import pytest

from raydrift.cli import run
from raydrift.paths import StoragePath
from raydrift.storage.lock import OutputLock
from raydrift.storage.training_record import TrainingRecord


def recorded(folder: Path, status: str) -> StoragePath:
    output = StoragePath.of(str(folder))
    (output / "model").create()
    TrainingRecord(
        {"seed": 1},
        status=status,
        step=300,
        steps=1200,
        saved_step=250,
        images=600,
        seconds=60.0,
        images_per_second=10.0,
        seconds_left=180.0,
        losses={"cycle": 1.25, "identity": None},
        measures={"gap_closed_pixels": 0.5},
        notes=["the last note"],
        workers=2,
        device="cpu",
    ).save(output)
    return output


def said(capsys: pytest.CaptureFixture[str], folder: Path) -> dict[str, str]:
    """What ``raydrift status`` prints, by name."""
    assert run(["status", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    return {line[2:].split("  ")[0]: line.split("  ")[-1].strip() for line in lines}


def test_a_training_at_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with OutputLock(recorded(tmp_path, "running")):
        facts = said(capsys, tmp_path)

    assert facts["status"] == "training"
    assert facts["at work"] != "nobody"
    assert facts["steps"] == "300 of 1,200 (25 %)"
    assert facts["saved"] == "at step 250"
    assert facts["left"] == "0:03:00 at that speed"
    assert facts["losses"] == "cycle 1.25, identity undefined"
    assert facts["measures"] == "gap_closed_pixels 0.5"
    assert facts["note"] == "the last note"
    assert facts["trained by"] == "2 workers on cpu"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("running", "interrupted; the same command goes on"),
        ("stopped", "stopped; the same command goes on"),
        ("complete", "trained"),
    ],
)
def test_a_training_that_nobody_is_at_work_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], status: str, told: str
) -> None:
    recorded(tmp_path, status)

    facts = said(capsys, tmp_path)

    assert (facts["status"], facts["at work"]) == (told, "nobody")
    assert ("left" in facts) == (status != "complete")

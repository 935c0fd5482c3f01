"""Commands in a Ray job: its working directory comes from afar, and is deleted with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from raydrift.cli import run, run_job

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def in_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["generate", "/photos", "out"], "out"),
        (["evaluate", "/photos", "results/measured"], "results/measured"),
        (["calibrate", "/photos"], "profile.toml"),
        (["calibrate", "/photos", "--output", "/p.toml", "--plot", "curve.png"], "curve.png"),
        (["finalize", "out"], "out"),
    ],
)
def test_what_would_be_deleted_is_not_written(
    command: list[str], output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_job(command[0], command[1:]) == 2
    said = capsys.readouterr()
    assert said.out == "raydrift: failed with status 2\n"
    assert said.err == (
        f"raydrift: output {output} is relative to the folder of this Ray job, which is deleted "
        "with it: give an absolute path that every node reaches, or a URI\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["generate", "evaluate", "calibrate"])
def test_a_relative_input_that_was_not_uploaded(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "photos"] + ["/out"] * (command != "calibrate")) == 2
    assert capsys.readouterr().err == (
        "raydrift: input photos is not there: a Ray job has only what was uploaded with it: "
        "give an absolute path that every node reaches, or a URI\n"
    )


@pytest.mark.parametrize(
    ("source", "output"), [("photos", "/dev/null"), ("file:///nowhere", "~/../../dev/null")]
)
def test_what_was_uploaded_and_what_stays_are_taken(
    source: str, output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """These are refused for what they are."""
    (tmp_path / "photos").mkdir()
    assert run(["generate", source, output]) == 2
    assert capsys.readouterr().err.startswith(f"raydrift: input {source}")
    assert run(["finalize", output]) == 2
    assert capsys.readouterr().err.startswith(f"raydrift: {output} has no run.json")


def test_outside_of_a_job_they_are_of_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RAY_JOB_CONFIG_JSON_ENV_VAR")
    assert run(["generate", "photos", "out"]) == 2
    said = "raydrift: input photos is not there: give a folder or a manifest\n"
    assert capsys.readouterr().err == said


def test_a_bug_is_told_with_where_it_is_and_that_the_job_failed() -> None:
    """What follows a traceback is the line that is looked for."""
    program = (
        "import raydrift.cli as cli\n"
        "def broken(_): raise KeyError('left out')\n"
        "cli.run = broken\n"
        "raise SystemExit(cli.run_job('generate', []))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    *_, where, last = done.stdout.splitlines()
    assert (where, last) == ("KeyError: 'left out'", "raydrift: failed with status 1")

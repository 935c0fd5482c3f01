"""``--log json``: standard error for machines."""

import json
import logging
from pathlib import Path

import pytest

from raydrift.cli import run
from raydrift.log import LOGGER


def lines(text: str) -> list[dict[str, object]]:
    """Each line of it, which has to be JSON."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    "command",
    [["generate"], ["generate", "nowhere", "out"], ["evaluate"], ["calibrate"], ["finalize", "."]],
    ids=" ".join,
)
def test_what_went_wrong_is_json_too(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(command) == 2
    plain = capsys.readouterr().err
    assert run([*command, "--log", "json"]) == 2
    (line,) = lines(capsys.readouterr().err)
    assert (line["level"], line["event"], line["status"]) == ("ERROR", "exit", 2)
    assert plain == f"raydrift: {line['message']}\n"


def test_the_environment_can_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAYDRIFT_LOG", "json")
    assert run(["finalize", str(tmp_path)]) == 2
    (line,) = lines(capsys.readouterr().err)
    assert line["event"] == "exit"
    assert run(["finalize", str(tmp_path), "--log", "text"]) == 2
    assert capsys.readouterr().err.startswith("raydrift: ")


def test_another_log_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", "--log", "yaml"]) == 2
    assert capsys.readouterr().err == "raydrift: --log is 'yaml': choose text or json\n"


def test_the_logger_is_left_as_it_was(tmp_path: Path) -> None:
    before = (list(LOGGER.handlers), LOGGER.level, LOGGER.propagate)
    assert run(["finalize", str(tmp_path), "--log", "json", "--verbose"]) == 2
    assert (list(LOGGER.handlers), LOGGER.level, LOGGER.propagate) == before
    assert before[1:] == (logging.NOTSET, True)

"""``kill`` while Ray starts, which puts handlers of its own in the place of ours."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from raydrift.cli import run_job


@pytest.fixture
def restored() -> Iterator[None]:
    """The process's own handler comes back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("code", [signal.SIGTERM, 1], ids=["as it begins", "with a node started"])
def test_a_run_that_is_terminated_while_ray_starts_says_so(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
) -> None:
    def starting(**_: object) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(code))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ray.is_initialized", lambda: False)
    monkeypatch.setattr("ray.init", starting)
    assert run_job("generate", [str(scenes), str(tmp_path / "out")]) == 143
    said = capsys.readouterr()
    assert said.out == "raydrift: failed with status 143\n"
    listed, ended = said.err.split("\n", 1)
    assert listed.startswith("input: 6 classes, 72 images: boat 12, ")
    assert ended == ("raydrift: terminated: what is finished is kept, the same command goes on\n")
    assert not (tmp_path / "out").exists()

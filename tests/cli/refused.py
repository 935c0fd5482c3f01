"""What a command says that refuses its input."""

import pytest

from raydrift.cli import run


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that it says."""
    assert run([str(one) for one in arguments]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said.strip()

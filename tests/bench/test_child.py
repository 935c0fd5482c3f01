"""Commands that are measured: what they print, how they fail, and that nothing of them stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from raydrift.bench.child import figures_of
from raydrift.errors import PipelineError

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""


def figures(code: str, *arguments: str, limit_s: float = 60) -> object:
    return figures_of([sys.executable, "-c", code, *arguments], "it", limit_s)


def test_the_last_line_of_json_is_its_figures() -> None:
    said = "print('{\"images\": 1}'); print('{\"images\": 3}\\n'); print('(raylet) a word more')"
    assert figures(said) == {"images": 3}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "it failed: it does not say why"),
        ("1 / 0", "it failed: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit('raydrift: no input')", "it failed: no input"),
        ("print('done')", "it did not print its figures as a line of JSON"),
        ("print('3')", "it did not print its figures as a line of JSON"),
        ("", "it did not print its figures as a line of JSON"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(code: str, said: str) -> None:
    with pytest.raises(PipelineError) as error:
        figures(code)
    assert str(error.value) == said


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(PipelineError, match=r"^it did not end in 2 s$"):
        figures(FAMILY, str(note), limit_s=2)
    alive = subprocess.run(
        ["ps", "-o", "stat=", "-p", note.read_text()], capture_output=True, text=True, check=False
    )
    assert alive.stdout.strip() in ("", "Z")

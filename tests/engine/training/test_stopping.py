"""A training that is killed in a process of its own saves first; a second signal does not wait."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from raydrift.engine.training.stopping import held_signals

SCRIPT = """
import sys
from pathlib import Path
from tests.engine.training.conftest import small_cyclegan, train_in
from tests.engine.training.test_stopping import domains
print(train_in(Path(sys.argv[1]) / "out", small_cyclegan(epochs=500), domains(sys.argv[1])))
"""


def domains(folder: str) -> object:
    from tests.engine.training.conftest import keeping, small_images

    return small_images(keeping(Path(folder)))


@pytest.mark.slow
def test_kill_saves_the_step_that_was_begun(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)])
    record = tmp_path / "out" / "model" / "training.json"
    state = record.with_name("training.pt")
    deadline = time.monotonic() + 240
    while not record.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    before = state.stat().st_mtime_ns

    process.send_signal(signal.SIGTERM)

    assert process.wait(120) == -signal.SIGTERM
    found = json.loads(record.read_bytes())
    assert found["status"] == "stopped"
    assert 0 < found["saved_step"] == found["step"]
    assert state.stat().st_mtime_ns > before


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Ctrl-C raises, also where this process was started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupted")
def test_the_first_signal_waits_and_the_second_does_not() -> None:
    with pytest.raises(KeyboardInterrupt), held_signals() as told:  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        assert told.number == signal.SIGINT
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second signal did not act at once")


@pytest.mark.usefixtures("interrupted")
def test_a_held_signal_takes_effect_at_the_end() -> None:
    reached = False

    with pytest.raises(KeyboardInterrupt), held_signals():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        reached = True

    assert reached

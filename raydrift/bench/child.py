"""Commands that are measured: processes of their own, which print their figures as JSON."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from raydrift.errors import PipelineError

_TO_CLEAN_UP_S: Final = 10.0


def figures_of(command: Sequence[str], name: str, limit_s: float) -> dict[str, Any]:
    """Runs a command and reads the last line of JSON that it prints.

    Args:
        command: Program and arguments.
        name: What messages call it.
        limit_s: Seconds that it has; then it is ended, and all that it started.

    Raises:
        PipelineError: It failed, took too long, or printed something else.
    """
    with subprocess.Popen(  # noqa: S603 (ourselves, or what the user named)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=limit_s)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise PipelineError(f"{name} did not end in {limit_s:.0f} s") from None
            raise
    if process.returncode != 0:
        raise PipelineError(f"{name} failed: {_last_line(err) or 'it does not say why'}")
    for line in reversed(out.splitlines()):  # Ray may still have said something after it
        with suppress(ValueError):
            figures = json.loads(line)
            if isinstance(figures, dict):
                return figures
    raise PipelineError(f"{name} did not print its figures as a line of JSON")


def _end(process: "subprocess.Popen[str]") -> None:
    """Ends it, who ends what it started; then whatever of that is left."""
    try:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TO_CLEAN_UP_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("raydrift: ") if lines else ""

"""The command line: ``raydrift generate | evaluate | inspect | …``, one file a command."""

import logging
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from raydrift.cli.adjust import adjust
from raydrift.cli.bench import bench
from raydrift.cli.calibrate import calibrate
from raydrift.cli.demo import demo
from raydrift.cli.encoding import write_any_sign
from raydrift.cli.evaluate import evaluate
from raydrift.cli.export import export
from raydrift.cli.finalize import finalize
from raydrift.cli.flow import flow
from raydrift.cli.forensics import forensics
from raydrift.cli.generate import generate
from raydrift.cli.inspect import inspect
from raydrift.cli.log import is_json, stop_log
from raydrift.cli.matrix import matrix
from raydrift.cli.plan import plan
from raydrift.cli.preview import preview
from raydrift.cli.status import status
from raydrift.cli.synthesize import synthesize
from raydrift.cli.track import track
from raydrift.cli.translate import translate
from raydrift.cli.views import views
from raydrift.errors import (
    CatalogError,
    OutputError,
    RaydriftError,
    SettingsError,
    TaskError,
    WeightsError,
    reason,
    suggest,
)

_INTERRUPTED = 130
_TERMINATED = 143
_USAGE_ERRORS = (CatalogError, OutputError, SettingsError, TaskError, WeightsError)
_COMMANDS: Mapping[str, Callable[..., None]] = {
    "generate": generate,
    "flow": flow,
    "plan": plan,
    "finalize": finalize,
    "status": status,
    "inspect": inspect,
    "export": export,
    "preview": preview,
    "evaluate": evaluate,
    "calibrate": calibrate,
    "views": views,
    "matrix": matrix,
    "forensics": forensics,
    "adjust": adjust,
    "translate": translate,
    "synthesize": synthesize,
    "track": track,
    "demo": demo,
    "bench": bench,
}


def main() -> None:
    """The entry point of the ``raydrift`` command; ``kill`` ends it as Ctrl-C does."""
    _end_as_by_ctrl_c()
    sys.exit(_run_or_trace(sys.argv[1:]))


def run_job(command: str, arguments: Sequence[str]) -> int:
    """Runs one command as a Ray job, and prints how it went, for whoever reads the job's log.

    Args:
        command: Its name.
        arguments: What follows it.

    Returns:
        The job's exit status, the command's.
    """
    _end_as_by_ctrl_c()  # `ray job stop` sends SIGTERM
    status = _run_or_trace([command, *arguments])
    # At once: the process may be killed while Ray shuts down.
    print(
        "raydrift: succeeded" if status == 0 else f"raydrift: failed with status {status}",
        flush=True,
    )
    return status


def run(arguments: Sequence[str]) -> int:
    """Runs one command.

    Args:
        arguments: What follows ``raydrift``.

    Returns:
        The exit status: 0, 1 where the work failed, 2 where what was asked for cannot be.
    """
    write_any_sign()
    try:
        if arguments and arguments[0] not in _COMMANDS and not arguments[0].startswith("-"):
            raise SettingsError(
                f"unknown command {arguments[0]!r}: {suggest(arguments[0], _COMMANDS)}"
            )
        status = _app()(list(arguments) or ["--help"], prog_name="raydrift", standalone_mode=False)
        if status == _INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
        return status if isinstance(status, int) else 0
    except TyperException as error:
        return _fail(error.format_message(), 2)
    except _USAGE_ERRORS as error:
        return _fail(str(error), 2)
    except RaydriftError as error:
        return _fail(str(error), 1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{reason(error)}", 1)
    except KeyboardInterrupt:
        return _stopped("interrupted", arguments, _INTERRUPTED)
    except SystemExit as end:
        if end.code != _TERMINATED:
            raise
        return _stopped("terminated", arguments, _TERMINATED)
    finally:
        stop_log()


def _run_or_trace(arguments: Sequence[str]) -> int:
    """Runs one command; what nobody foresaw is shown with its traceback, for a report of it."""
    from raydrift.text import printable

    try:
        return run(arguments)
    except Exception:
        print(printable(traceback.format_exc(), lines=True), end="", file=sys.stderr)
        return 1


def _app() -> typer.Typer:
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for command in _COMMANDS.values():
        app.command()(command)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"raydrift {version('raydrift')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Seeded, measured, reproducible drift for image datasets of any size."""


def _end_as_by_ctrl_c() -> None:
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(*_: object) -> None:
    raise SystemExit(_TERMINATED)


def _stopped(how: str, arguments: Sequence[str], status: int) -> int:
    kept = {"finalize": "the shards are kept"}
    lasting = ["generate", "flow", "views", "matrix", "forensics", "adjust"]
    lasting += ["translate", "synthesize", "export"]
    kept |= dict.fromkeys(lasting, "what is finished is kept")
    command = arguments[0] if arguments else ""
    goes_on = f": {kept[command]}, the same command goes on" if command in kept else ""
    return _fail(f"{how}{goes_on}", status)


def _fail(message: str, status: int) -> int:
    from raydrift.paths.secrecy import redacted
    from raydrift.text import printable

    line = redacted(" ".join(message.split()))
    if is_json():
        from raydrift.log import log_event

        log_event(logging.ERROR, "exit", line, status=status)
    else:
        print(f"raydrift: {printable(line)}", file=sys.stderr)
    return status

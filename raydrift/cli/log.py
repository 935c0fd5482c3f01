"""``--log json``: what happens, as JSON lines on standard error, for machines that read logs."""

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

Log = Annotated[
    str | None,
    typer.Option(
        metavar="text|json",
        envvar="RAYDRIFT_LOG",
        help="JSON lines on standard error, in the place of progress; each shard with --verbose.",
        show_default="text",
    ),
]


def start_log(how: str | None, verbose: bool | None) -> bool:
    """Starts the log that was asked for; ``stop_log`` ends it.

    Returns:
        Whether standard error is JSON lines now, and nobody is to write anything else there.

    Raises:
        SettingsError: There is no such log.
    """
    from raydrift.errors import SettingsError
    from raydrift.log import LOGGER, JsonLines

    if how not in (None, "text", "json"):
        raise SettingsError(f"--log is {how!r}: choose text or json")
    if how == "json":
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.DEBUG if verbose else logging.INFO)
        LOGGER.propagate = False
    return how == "json"


def note_writer(json: bool) -> Callable[[str], None]:
    """What says something on standard error, in a line of text or of JSON."""
    if json:
        from raydrift.log import log_event

        return partial(log_event, logging.INFO, "note")
    from raydrift.cli.console import console

    return console(stderr=True).print


def is_json() -> bool:
    """Whether standard error is JSON lines."""
    return bool(_handlers())


def stop_log() -> None:
    """Leaves the logger as it was."""
    logger = logging.getLogger("raydrift")
    for handler in _handlers():
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


def _handlers() -> list[logging.Handler]:
    if "raydrift.log" not in sys.modules:
        return []
    from raydrift.log import LOGGER, JsonLines

    return [one for one in LOGGER.handlers if isinstance(one.formatter, JsonLines)]

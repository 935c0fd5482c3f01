"""What a command says of its input and its waiting: on standard error, and in the log."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, Final

from raydrift.catalog import Catalog
from raydrift.console import Console
from raydrift.log import log_event
from raydrift.report.classes import classes_line, ignored_lines
from raydrift.storage.remarks import Remark

_MOST_LOGGED: Final = 1000  # classes, in one event


def wait_reporter(quiet: bool) -> Callable[[str], None]:
    """What says why a run waits: on standard error, unless it is to be quiet, and in the log."""
    return _teller(quiet, logging.INFO, "wait")


def track_reporter(quiet: bool) -> Callable[[str], None]:
    """What says where a run is tracked, in the same places."""
    return _teller(quiet, logging.INFO, "track")


def damage_reporter(quiet: bool) -> Callable[[str], None]:
    """What says that a finished run has lost something and is made again, in the same places."""
    return _teller(quiet, logging.WARNING, "damaged")


def _console(quiet: bool) -> Console:
    return Console(stderr=True, quiet=quiet, soft_wrap=True, highlight=False, markup=False)


def _teller(quiet: bool, level: int, event: str) -> Callable[[str], None]:
    console = _console(quiet)

    def say(why: str) -> None:
        console.print(why)
        log_event(level, event, why)

    return say


def report_input(catalog: Catalog, quiet: bool) -> None:
    """Says what the input is: its classes and their counts, what was passed over, what is odd.

    On standard error, unless it is to be quiet, and in the log.
    """
    counts, console = catalog.counts(), _console(quiet)
    classes = classes_line(counts)
    for line in (f"input: {classes}", *ignored_lines(catalog.ignored), *catalog.notes):
        console.print(line)
    log_event(
        logging.INFO,
        "input",
        f"input: {classes}",
        input=str(catalog.root),
        classes=len(counts),
        images=len(catalog),
        images_by_class=counts if len(counts) <= _MOST_LOGGED else None,
        ignored=dict(catalog.ignored),
        notes=list(catalog.notes),
    )


def log_remarks(remarks: Iterable[Remark], **facts: Any) -> None:
    """Logs remarks on images that were used, an event each."""
    for remark in remarks:
        log_event(logging.WARNING, "remark", str(remark), **facts, **asdict(remark))

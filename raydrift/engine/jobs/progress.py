"""How far a run is, for whoever watches: a live bar on a terminal, a line every 10 s elsewhere.

The log is told every 10 s as well, where it takes what is not a warning.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from raydrift.console import Console
from raydrift.engine.jobs.periodic_call import PeriodicCall
from raydrift.log import LOGGER, log_event
from raydrift.text import plural

LINE_EVERY_S: Final = 10.0


class Done(Protocol):
    """Some samples that are done, as a committed shard or a measured batch."""

    @property
    def asked(self) -> int:
        """How many, the rejected ones too."""

    @property
    def rejected(self) -> int:
        """How many of them could not be used."""

    @property
    def started(self) -> float:
        """When work on them began, seconds since 1970."""


class RunProgress:
    """Counts what is done and shows it on standard error.

    Args:
        total: Samples of the whole run.
        done: Samples that were there before.
        rejected: How many of those are rejected.
        label: What is done, if not making images: ``merging``. Only what takes long is then told.
        waiting: What is told before anything is done.
        quiet: Show nothing.
        run: Its id, for the log.
        console: Where to; None: standard error.
        unit: One of what is counted.
    """

    def __init__(
        self,
        total: int,
        done: int = 0,
        rejected: int = 0,
        label: str = "",
        waiting: str = "starting workers",
        quiet: bool = False,
        run: str | None = None,
        console: Console | None = None,
        unit: str = "image",
    ) -> None:
        self._unit = unit
        self._total = total
        self._before = done
        self._done = done
        self._rejected = rejected
        self._label = label
        self._run = run
        self._waiting = label or waiting
        self._first: float | None = time.time() if label else None
        console = console or Console(stderr=True)
        self._views: list[View] = []
        if LOGGER.isEnabledFor(logging.INFO):
            self._views.append(Lines(self._log, last=not label))
        self._views += live_views(console, total, f"{unit}s", self.line, bool(label), quiet)

    def __enter__(self) -> Self:
        for view in self._views:
            view.start()
        self._show()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for view in self._views:
            view.stop()

    def add(self, row: Done) -> None:
        """Counts a shard that was committed, or a batch that was measured."""
        if not self._label:
            self._first = min(self._first or row.started, row.started)
        self._done += row.asked
        self._rejected += row.rejected
        self._show()

    @property
    def rate(self) -> float:
        """Images a second since the first shard was begun; 0 before one is done."""
        if self._first is None:
            return 0.0
        return (self._done - self._before) / max(time.time() - self._first, 1e-6)

    def facts(self) -> str:
        """``412 images/s · ETA 0:00:12 · 3 rejected``."""
        rate = self.rate
        if not rate:
            return f"{self._waiting} · {self._rejected} rejected"
        eta = clock_text((self._total - self._done) / rate)
        label = f"{self._label} · " if self._label else ""
        units = plural(2, self._unit).partition(" ")[2]
        pace = f"{rate:,.0f} {units}/s" if rate >= 0.5 else f"{60 * rate:.1f} {units}/min"
        return f"{label}{pace} · ETA {eta} · {self._rejected} rejected"

    def line(self) -> str:
        """``1,024 of 5,000 images (20 %) · 412 images/s · ETA 0:00:12 · 3 rejected``."""
        share = 100 * self._done // max(self._total, 1)
        return f"{self._done:,} of {plural(self._total, self._unit)} ({share} %) · {self.facts()}"

    def _show(self) -> None:
        for view in self._views:
            view.show(self._done, self.facts())

    def _log(self) -> None:
        log_event(
            logging.INFO,
            "progress",
            self.line(),
            run=self._run,
            phase=self._label or None,
            done=self._done,
            samples=self._total,
            rejected=self._rejected,
            images_per_second=round(self.rate, 1),
        )


class View(Protocol):
    """Where what is done is shown, between its start and its end."""

    def start(self) -> None:
        """Begins."""

    def show(self, done: int, facts: str) -> None:
        """So many are done."""

    def stop(self) -> None:
        """Ends."""


def live_views(
    console: Console, total: int, units: str, line: Callable[[], str], passing: bool, quiet: bool
) -> list[View]:
    """A bar on a terminal, a line every 10 s elsewhere; nothing where it is to be quiet.

    Args:
        console: Where to.
        total: How many there are to be done.
        units: What they are counted in.
        line: What is written as a line.
        passing: Whether nothing is left of it at the end.
        quiet: Show nothing.
    """
    if quiet:
        return []
    if console.is_terminal or console.is_jupyter:
        return [Bar(console, total, units, passing)]
    write = partial(console.print, highlight=False, soft_wrap=True)
    return [Lines(lambda: write(line()), last=not passing)]


class Bar:
    """A bar on a terminal.

    Args:
        console: The terminal.
        total: How many there are to be done.
        units: What they are counted in.
        passing: Whether it goes at the end.
    """

    def __init__(self, console: Console, total: int, units: str, passing: bool) -> None:
        self._progress = Progress(
            SpinnerColumn("dots" if console.encoding.startswith("utf") else "line"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"{units} · {{task.fields[facts]}} ·"),
            TimeElapsedColumn(),
            console=console,
            transient=passing,
        )
        self._task = self._progress.add_task("generate", total=total, facts="")

    def start(self) -> None:
        """Begins."""
        self._progress.start()

    def show(self, done: int, facts: str) -> None:
        """So many are done."""
        self._progress.update(self._task, completed=done, facts=facts)

    def stop(self) -> None:
        """Ends."""
        self._progress.stop()


class Lines:
    """Writes something every few seconds, and once more at the end if it is to.

    Args:
        write: Writes it.
        last: Whether it is written at the end.
    """

    def __init__(self, write: Callable[[], None], last: bool) -> None:
        self._write = write
        self._last = last
        self._repeated = PeriodicCall(write, LINE_EVERY_S)

    def start(self) -> None:
        """Begins."""
        self._repeated.start()

    def show(self, done: int, facts: str) -> None:
        """It is written when it is time for it."""

    def stop(self) -> None:
        """Ends."""
        self._repeated.stop()
        if self._last:
            self._write()


def clock_text(seconds: float) -> str:
    """``1:02:03``: hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"

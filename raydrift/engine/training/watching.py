"""What the driver shows of a training: a bar or lines, log events, gauges for Prometheus."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final, Self

import ray
from ray.util.metrics import Gauge

from raydrift.console import Console
from raydrift.engine.jobs.periodic_call import PeriodicCall
from raydrift.engine.jobs.progress import Lines, View, clock_text, live_views
from raydrift.engine.session import is_client
from raydrift.engine.training.standing import Standing
from raydrift.log import LOGGER, log_event
from raydrift.text import plural

_SHOWN_LOSSES: Final = 4
_GAUGES_EVERY_S: Final = 5.0  # a gauge that is not set again is gone after a few seconds


class TrainingView:
    """Shows how far a training is, on standard error and in the log; a ``Watcher``.

    Args:
        run: The training's id.
        check: Makes sure that the output is still this run's.
        asked: Says whether the training is to stop.
        quiet: Show no progress.
        console: Where to; None: standard error.
    """

    def __init__(
        self,
        run: str,
        check: Callable[[], None],
        asked: Callable[[], bool],
        quiet: bool = False,
        console: Console | None = None,
    ) -> None:
        self._run, self._check, self._asked, self._quiet = run, check, asked, quiet
        self._console = console or Console(stderr=True)
        self._standing = Standing(0, 0)
        self._views: list[View] = []
        self._gauges: TrainingGauges | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if LOGGER.isEnabledFor(logging.INFO):
            self._add(Lines(self._log, last=False))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def tell(self, standing: Standing) -> None:
        """Shows how far it is.

        Raises:
            LockedError: Another run has taken the output over.
        """
        self._check()
        if self._standing.steps == 0:
            self._standing = standing
            for view in live_views(
                self._console, standing.steps, "steps", self.line, False, self._quiet
            ):
                self._add(view)
            self._gauges = self._stack.enter_context(_gauges(self._run))
        self._standing = standing
        for view in self._views:
            view.show(standing.step, facts_of(standing))
        if self._gauges is not None:
            self._gauges.show(standing)

    def event(self, level: int, kind: str, text: str, facts: Mapping[str, Any]) -> None:
        """Logs what happened; what is worth a warning is also shown."""
        log_event(level, kind, text, run=self._run, **facts)
        if level >= logging.WARNING and not self._quiet:
            self._console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)

    def is_stop_asked(self) -> bool:
        """Whether the training is to stop."""
        return self._asked()

    def line(self) -> str:
        """``120 of 5,000 steps (2 %) · 14.2 images/s · ETA 0:05:44 · cycle 1.23 · …``."""
        standing = self._standing
        if not standing.steps:
            return "building the networks"
        share = 100 * standing.step // standing.steps
        done = f"{standing.step:,} of {plural(standing.steps, 'step')} ({share} %)"
        return f"{done} · {facts_of(standing)}"

    def _add(self, view: View) -> None:
        view.start()
        self._stack.callback(view.stop)
        self._views.append(view)

    def _log(self) -> None:
        standing = self._standing
        log_event(
            logging.INFO,
            "progress",
            self.line(),
            run=self._run,
            step=standing.step,
            steps=standing.steps,
            images=standing.images,
            images_per_second=round(standing.images_per_second, 2),
            losses={name: round(value, 6) for name, value in standing.losses.items()},
        )


def facts_of(standing: Standing) -> str:
    """``14.2 images/s · ETA 0:05:44 · generator 5.21 · cycle 1.23``."""
    speed = standing.images_per_second
    pace = f"{speed:,.1f} images/s" if speed >= 0.1 else f"{60 * speed:,.1f} images/min"
    facts = [pace if speed else "measuring"]
    if standing.seconds_left is not None:
        facts.append(f"ETA {clock_text(standing.seconds_left)}")
    shown = list(standing.losses.items())[:_SHOWN_LOSSES]
    return " · ".join([*facts, *(f"{name} {value:.3g}" for name, value in shown)])


class TrainingGauges:
    """How far a training is, at the metrics endpoint of a Ray node, until it is closed.

    The label ``run`` is the first digits of the training's fingerprint; ``name`` that of a loss or
    of a measure.

    Args:
        run: The label.
    """

    def __init__(self, run: str) -> None:
        self._run = {"run": run}
        self._steps = Gauge("raydrift_training_steps", "Of the whole training.", ("run",))
        self._done = Gauge("raydrift_training_steps_done", "That were trained.", ("run",))
        self._speed = Gauge("raydrift_training_images_per_second", "Lately.", ("run",))
        self._losses = Gauge("raydrift_training_loss", "The last one.", ("run", "name"))
        self._measures = Gauge(
            "raydrift_training_measure", "Of generated images, at the last save.", ("run", "name")
        )
        self._standing = Standing(0, 0)
        self._shown = PeriodicCall(self._show, _GAUGES_EVERY_S)
        self._shown.start()

    def close(self) -> None:
        """No more is going to come."""
        self._shown.stop()

    def show(self, standing: Standing) -> None:
        """It is so far."""
        self._standing = standing
        self._show()

    def _show(self) -> None:
        standing = self._standing
        self._steps.set(standing.steps, self._run)
        self._done.set(standing.step, self._run)
        self._speed.set(standing.images_per_second, self._run)
        for gauge, values in ((self._losses, standing.losses), (self._measures, standing.measures)):
            for name, value in values.items():
                gauge.set(value, {**self._run, "name": name})


@contextmanager
def _gauges(run: str) -> Iterator[TrainingGauges | None]:
    """Gauges where there is a Ray that this process is a part of."""
    if not ray.is_initialized() or is_client():
        yield None
        return
    gauges = TrainingGauges(run)
    try:
        yield gauges
    finally:
        with suppress(ray.exceptions.RayError):
            gauges.close()

"""Between a driver and the workers that train for it: news one way, orders the other."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import ray

from raydrift.engine.training.standing import Standing
from raydrift.errors import PipelineError
from raydrift.text import plural

_ANSWER_S: Final = 60.0
_MOST_STARTS: Final = 4

Event = tuple[int, str, str, Mapping[str, Any]]
"""The arguments of ``Watcher.event``."""


@dataclass(frozen=True)
class News:
    """What the workers told since they were asked last.

    Attributes:
        standing: How far the training is; None: nothing new.
        events: What happened.
        failure: The kind and the text of an error of raydrift's that ended it.
        status: How it ended; empty: it has not.
    """

    standing: Standing | None = None
    events: tuple[Event, ...] = ()
    failure: tuple[str, str] | None = None
    status: str = ""


class Hub:
    """An actor: holds what the workers are told, and passes on what they tell.

    Args:
        job: What the workers are told, packed.
    """

    def __init__(self, job: Any) -> None:
        self._job = job
        self._standing: Standing | None = None
        self._events: list[Event] = []
        self._failure: tuple[str, str] | None = None
        self._status = ""
        self._stops = False
        self._starts: dict[int, int] = {}
        self._furthest = -1
        self._problem = ""

    def job(self) -> Any:
        """What the workers are told."""
        return self._job

    def begin(self, rank: int) -> bool:
        """A worker has started, for the first time or anew.

        Args:
            rank: Which one.

        Returns:
            Whether it is to train: not where the training has ended, nor where it was started a few
            times and has not got any further since.
        """
        self._starts[rank] = self._starts.get(rank, 0) + 1
        if self._starts[rank] > _MOST_STARTS and self._failure is None:
            said = f" (the last one: {self._problem})" if self._problem else ""
            self._failure = (
                PipelineError.__name__,
                f"workers failed {plural(_MOST_STARTS, 'time')} without getting further{said}: the "
                "training is kept up to its last save, the same command goes on",
            )
        return self._failure is None and not self._status

    def tell(self, standing: Standing) -> None:
        """It is so far."""
        self._standing = standing
        if standing.step > self._furthest:
            self._furthest, self._starts = standing.step, {}

    def problem(self, text: str) -> None:
        """A worker failed by what may pass."""
        self._problem = text

    def event(self, *event: Any) -> None:
        """Something happened."""
        self._events.append(event)

    def fail(self, kind: str, text: str) -> None:
        """The training cannot go on, whoever would try."""
        self._failure = (kind, text)

    def end(self, status: str) -> None:
        """The training has ended."""
        self._status = status

    def stop(self) -> None:
        """The training is to stop, saved."""
        self._stops = True

    def stops(self) -> bool:
        """Whether it is to stop."""
        return self._stops

    def news(self) -> News:
        """What was told since this was asked last."""
        news = News(self._standing, tuple(self._events), self._failure, self._status)
        self._standing, self._events = None, []
        return news


class HubWatcher:
    """Tells a hub, from a worker; a ``Watcher``.

    Args:
        hub: The actor.
    """

    def __init__(self, hub: Any) -> None:
        self._hub = hub

    def tell(self, standing: Standing) -> None:
        """Passes it on, and does not wait."""
        self._hub.tell.remote(standing)

    def event(self, level: int, kind: str, text: str, facts: Mapping[str, Any]) -> None:
        """Passes it on, and does not wait."""
        self._hub.event.remote(level, kind, text, dict(facts))

    def is_stop_asked(self) -> bool:
        """Whether the driver asks for it; one that does not answer asks for nothing."""
        with suppress(ray.exceptions.GetTimeoutError):
            return bool(ray.get(self._hub.stops.remote(), timeout=_ANSWER_S))
        return False

"""The steady state of a run: start-up and the idle end left out."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A shard's time at a worker.

    Attributes:
        worker: ``HOST:PID``.
        images: Samples of the shard.
        started: When it was begun, seconds since 1970.
        ended: When it was committed.
    """

    worker: str
    images: int
    started: float
    ended: float


@dataclass(frozen=True)
class Steady:
    """A run from when its workers had warmed up until the first of them ran out of work.

    Attributes:
        images_per_second: How many images all workers together make in a second.
        busy: The fraction of their time that workers had a shard, 0 to 1.
        begin: When every worker had finished a shard, seconds since 1970.
        end: When the first worker had finished its last.
    """

    images_per_second: float
    busy: float
    begin: float
    end: float


def steady_state(spans: Iterable[Span], workers: int) -> Steady | None:
    """Measures the steady state of a run.

    A worker's speed is counted from the end of its first shard to the end of its last, so whole
    cycles are counted: work, waiting and hand-over. The speed of the run is the sum over workers.

    Args:
        spans: Its shards.
        workers: The processes that should have made them.

    Returns:
        None where a worker made fewer than two shards, or all never worked at the same time: the
        run was too short.
    """
    by_worker: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span.ended):
        by_worker.setdefault(span.worker, []).append(span)
    shards = list(by_worker.values())
    if len(shards) < workers or any(len(own) < 2 for own in shards):
        return None
    begin = max(own[0].ended for own in shards)
    end = min(own[-1].ended for own in shards)
    if begin >= end:
        return None
    work = sum(_covered(own, begin, end) for own in shards)
    return Steady(sum(map(_speed, shards)), work / (len(shards) * (end - begin)), begin, end)


def _speed(own: list[Span]) -> float:
    return sum(span.images for span in own[1:]) / (own[-1].ended - own[0].ended)


def _covered(own: list[Span], begin: float, end: float) -> float:
    """Seconds of a window in which a worker had a shard; two at once count once."""
    covered, reached = 0.0, begin
    for span in own:
        covered += max(0.0, min(span.ended, end) - max(span.started, reached))
        reached = max(reached, span.ended)
    return covered

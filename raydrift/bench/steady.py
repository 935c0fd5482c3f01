"""What a run's ledger tells of its steady state: start-up and the idle end left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from raydrift.storage.shards import LedgerRow


@dataclass(frozen=True)
class Steady:
    """A run from when its workers had warmed up until the first of them ran out of work.

    Attributes:
        images_per_second: Of all workers together.
        busy: The fraction of the workers' time that went into shards, 0 to 1.
        begin: When every worker had finished a shard, seconds since 1970.
        end: When the first worker had finished its last.
    """

    images_per_second: float
    busy: float
    begin: float
    end: float


def finished(row: LedgerRow) -> float:
    """When a shard was done, seconds since 1970."""
    return (
        row.started + row.read_seconds + row.drift_seconds + row.embed_seconds + row.write_seconds
    )


def steady_state(rows: Iterable[LedgerRow], workers: int) -> Steady | None:
    """Measures the steady state of a run.

    A worker's speed is counted from the end of its first shard to the end of its last, so whole
    cycles are counted: work, waiting and hand-over. The speed of the run is the sum over workers.

    Args:
        rows: Its ledger.
        workers: The processes that should have made shards.

    Returns:
        None where a worker made fewer than two shards, or all never worked at the same time: the
        run was too short.
    """
    by_worker: dict[str, list[LedgerRow]] = {}
    for row in sorted(rows, key=finished):
        by_worker.setdefault(row.worker, []).append(row)
    shards = list(by_worker.values())
    if len(shards) < workers or any(len(own) < 2 for own in shards):
        return None
    begin = max(finished(own[0]) for own in shards)
    end = min(finished(own[-1]) for own in shards)
    if begin >= end:
        return None
    work = sum(_overlap(row, begin, end) for own in shards for row in own)
    return Steady(sum(map(_speed, shards)), work / (len(shards) * (end - begin)), begin, end)


def _speed(own: list[LedgerRow]) -> float:
    images = sum(row.asked for row in own[1:])
    return images / (finished(own[-1]) - finished(own[0]))


def _overlap(row: LedgerRow, begin: float, end: float) -> float:
    return max(0.0, min(finished(row), end) - max(row.started, begin))

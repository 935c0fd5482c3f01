"""How far a run is, as its folder tells, to whoever asks: while it runs and afterwards."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there
from raydrift.storage.lock import LockOwner, find_holder
from raydrift.storage.record import JobRecord, load_record
from raydrift.storage.shards import STAGES, LedgerRow
from raydrift.storage.summary import count, summarize


@dataclass(frozen=True)
class RunStatus:
    """How far a run is.

    Attributes:
        record: Its ``run.json``.
        shards: How many of its shards are committed.
        asked: Samples of those shards.
        written: Images in them.
        rejected: Images that could not be used; ``asked == written + rejected``.
        busy_seconds: In which any of them was at work; pauses between sessions are left out. 0
            after the shards were merged and deleted.
        holder: Whose lock is on the folder.
        stage_seconds: What all workers together took, by stage; of a finished run without shards,
            as its record tells.
        median_seconds: The median of what a shard took; None before there is one.
        slowest: The shard that took longest, as in ``run.json``; None before there is one.
    """

    record: JobRecord
    shards: int
    asked: int
    written: int
    rejected: int
    busy_seconds: float
    holder: LockOwner | None
    stage_seconds: dict[str, float]
    median_seconds: float | None
    slowest: dict[str, Any] | None

    @property
    def idle(self) -> bool:
        """Whether nobody is at work on it, as far as is known."""
        return self.holder is None or self.holder.dead

    @property
    def rate(self) -> float | None:
        """Images a second since the first shard was begun, pauses left out; None before one is."""
        return self.asked / self.busy_seconds if self.busy_seconds else None

    @property
    def seconds_left(self) -> float | None:
        """Until the last shard is there, at that rate; None where nothing is known or left."""
        left = self.record.samples - self.asked
        return left / self.rate if left and self.rate else None


def find_starter(output: StoragePath) -> LockOwner | None:
    """Who has the lock of a folder in which no run has begun yet; None where one has, or nobody."""
    if (output / layout.RUN).is_file():
        return None
    return find_holder(output)


def run_status(output: StoragePath) -> RunStatus:
    """Reads how far a run is: ``run.json``, the ledger (a small file a shard) and the lock.

    Args:
        output: The run's folder.

    Raises:
        OutputError: There is no run, or what is there is not raydrift's.
    """
    holder = find_holder(output)  # first: whoever ends meanwhile has said before that all is there
    record = load_record(output)
    if record is None:
        raise OutputError(
            f"no run has begun in {output}: one that starts lists its input first; "
            "if none does, give the output folder of a generate run"
        )
    rows = rows_there(output, record)
    seen = deepcopy(record)
    if rows and not seen.slowest_shards:  # of all shards; those that are there may be the last few
        summarize(seen, rows)
    counts = record.counts if record.status == "complete" else count(rows)  # shards may be gone
    return RunStatus(
        record,
        record.shards if record.status == "complete" else len(rows),
        counts["asked"],
        counts["written"],
        counts["rejected"],
        _busy_seconds(rows),
        holder,
        {stage: seen.timings.get(f"all_workers_{stage}_seconds", 0.0) for stage in STAGES},
        seen.timings.get("median_shard_seconds"),
        next(iter(seen.slowest_shards), None),
    )


def _busy_seconds(rows: Iterable[LedgerRow]) -> float:
    """The time in which at least one of some shards was made."""
    total, until = 0.0, 0.0
    for row in sorted(rows, key=lambda row: row.started):
        end = row.started + row.seconds
        total += max(0.0, end - max(row.started, until))
        until = max(until, end)
    return total

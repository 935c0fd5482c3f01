"""What the shards of a run come to in a few numbers, however many there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from heapq import nlargest
from statistics import median
from typing import Any, Final

from raydrift.storage.record import JobRecord
from raydrift.storage.remarks import Remark, RemarkCount
from raydrift.storage.shards import LedgerRow

SLOWEST: Final = 8


def summarize(record: JobRecord, rows: Sequence[LedgerRow]) -> None:
    """Puts the sums over a run's shards into its record: counts, remarks, seconds, who made them.

    Args:
        record: The run's record.
        rows: The ledger rows of all its shards.
    """
    record.counts = count(rows)
    record.remarks = [
        asdict(remark) | {"examples": list(remark.examples)} for remark in remarks(rows)
    ]
    record.timings |= {
        f"all_workers_{stage}_seconds": round(seconds, 3)
        for stage, seconds in stage_seconds(rows).items()
    }
    record.timings["median_shard_seconds"] = round(median(row.seconds for row in rows), 3)
    record.workers = workers(rows)
    record.slowest_shards = slowest(rows)


def count(rows: Sequence[LedgerRow]) -> dict[str, int]:
    """Samples asked for, written, rejected, those of them that were not read; bytes of the PNGs."""
    return {
        "asked": sum(row.asked for row in rows),
        "written": sum(row.written for row in rows),
        "rejected": sum(row.rejected for row in rows),
        "unread": sum(row.unread for row in rows),
        "image_bytes": sum(row.content_bytes for row in rows),
    }


def remarks(rows: Sequence[LedgerRow]) -> tuple[Remark, ...]:
    """The remarks on images of all shards, each with how many images it is true of."""
    total = RemarkCount()
    for row in rows:
        total.add(row.remarks)
    return total.listed


def stage_seconds(rows: Sequence[LedgerRow]) -> dict[str, float]:
    """Seconds of all workers together, by stage."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row.stage_seconds)
    return dict(total)


def workers(rows: Sequence[LedgerRow]) -> dict[str, int]:
    """How many took part, and how evenly: the processes that committed shards.

    Where others embed than drift these are the embedders. Those of all sessions count; a process
    that was started again is another.
    """
    images: Counter[str] = Counter()
    for row in rows:
        images[row.worker] += row.asked
    return {
        "hosts": len({worker.rpartition(":")[0] for worker in images}),
        "processes": len(images),
        "fewest_samples": min(images.values()),
        "most_samples": max(images.values()),
    }


def slowest(rows: Sequence[LedgerRow]) -> list[dict[str, Any]]:
    """The shards that took longest, the slowest first: number, samples, seconds, where, when."""
    return [
        {
            "shard": row.shard,
            "asked": row.asked,
            "seconds": round(row.seconds, 3),
            **{f"{name}_seconds": round(spent, 3) for name, spent in row.stage_seconds.items()},
            "worker": row.worker,
            "started": round(row.started, 3),
        }
        for row in nlargest(SLOWEST, rows, key=lambda row: (row.seconds, -row.shard))
    ]

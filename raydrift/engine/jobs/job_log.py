"""What a run tells the log: events with the run's id, and the shard's where it is about one."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from raydrift.engine.reports import log_remarks
from raydrift.errors import ShardError
from raydrift.log import log_event
from raydrift.paths import StoragePath
from raydrift.storage.record import JobRecord
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import LedgerRow
from raydrift.text import plural

if TYPE_CHECKING:
    from raydrift.engine.plan import Plan


class JobLog:
    """The events of one run.

    Args:
        record: The run's.
        output: Its folder.
        unit: One of what it is counted in.
    """

    def __init__(self, record: JobRecord, output: StoragePath, unit: str = "image") -> None:
        self._unit = unit
        self._record = record
        self._output = str(output)
        self._run = record.short_id

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Tells how the run ended where that is not by itself."""
        with ending_told(self._tell, "run", "what is finished is kept"):
            yield

    def begin(self, missing: int, plan: "Plan") -> None:
        """Shards are going to be made."""
        record = self._record
        self._tell(
            logging.INFO,
            "begin",
            f"making {missing} of {plural(record.shards, 'shard')} with {plan}",
            output=self._output,
            samples=record.samples,
            shards=record.shards,
            missing=missing,
            **{role.name: role.processes for role in plan.roles},
        )

    def shard(self, row: LedgerRow) -> None:
        """A shard is there."""
        self._tell(
            logging.DEBUG,
            "shard",
            f"shard {row.shard}: {plural(row.written, self._unit)} in {row.seconds:.3f} s",
            shard=row.shard,
            asked=row.asked,
            written=row.written,
            rejected=row.rejected,
            png_bytes=row.content_bytes,
            seconds=round(row.seconds, 3),
            worker=row.worker,
        )
        if row.rejected:
            self._tell(
                logging.WARNING,
                "rejected",
                f"shard {row.shard}: {plural(row.rejected, 'image')} cannot be used "
                f"(first: {row.first_rejected})",
                shard=row.shard,
                rejected=row.rejected,
                unread=row.unread,
                first=row.first_rejected,
                worker=row.worker,
            )

    def again(self, row: LedgerRow) -> None:
        """A shard will be made once more, as reading was interrupted."""
        self._tell(
            logging.WARNING,
            "again",
            f"shard {row.shard} is made again: {plural(row.interrupted, 'image')} "
            f"could not be read (first: {row.first_rejected})",
            shard=row.shard,
            interrupted=row.interrupted,
            first=row.first_rejected,
            worker=row.worker,
        )

    def look_again(self, shards: Sequence[int]) -> None:
        """Some shards have images that could not be read, and perhaps can be now."""
        if shards:
            text = f"made again: {plural(len(shards), 'shard')}, more images may be readable now"
            self._tell(logging.INFO, "look_again", text, shards=len(shards))

    def changed(self, what: str, images: int, shards: int) -> None:
        """Images of the input are others than when shards were made of them."""
        self._tell(logging.WARNING, "changed", what, images=images, shards=shards)

    def damaged(self, error: ShardError) -> None:
        """A shard was found damaged by the merge."""
        self._tell(logging.WARNING, "damaged", f"made again: {error}")

    def merge(self) -> None:
        """All shards are there and become one zip."""
        record = self._record
        text = f"merging {plural(record.shards, 'shard')}, {plural(record.samples, 'sample')}"
        facts = {"shards": record.shards, "samples": record.samples}
        self._tell(logging.INFO, "merge", text, **facts)

    def measured(self, record: JobRecord, seconds: float) -> None:
        """All batches of a measurement are there."""
        self._end(f"measured: {plural(record.counts['written'], self._unit)}", record, seconds)

    def end(self, record: JobRecord, seconds: float) -> None:
        """The run did what it was asked to."""
        log_remarks((Remark(**remark) for remark in record.remarks), run=self._run)
        counts = record.counts
        text = f"{record.status}: {plural(counts['written'], 'image')} in {self._output}"
        self._end(text, record, seconds)

    def _end(self, text: str, record: JobRecord, seconds: float) -> None:
        self._tell(
            logging.INFO,
            "end",
            text,
            output=self._output,
            status=record.status,
            seconds=round(seconds, 3),
            **record.counts,
        )

    def _tell(self, level: int, event: str, message: str, **facts: Any) -> None:
        log_event(level, event, message, run=self._run, **facts)


@contextmanager
def ending_told(tell: Callable[..., None], what: str, kept: str) -> Iterator[None]:
    """Tells how something ended where that is not by itself.

    Args:
        tell: Takes a level, an event, a sentence and facts, as ``log.log_event``.
        what: What it is, as ``run``.
        kept: What remains of it where it was stopped.
    """
    try:
        yield
    except Exception as error:
        kind = type(error).__name__
        tell(logging.ERROR, "failed", f"the {what} failed: {error}", error=kind)
        raise
    except (KeyboardInterrupt, SystemExit):
        text = f"the {what} was stopped: {kept}, the same command goes on"
        tell(logging.WARNING, "stopped", text)
        raise

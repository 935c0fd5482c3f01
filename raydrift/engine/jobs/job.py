"""A job at work: its shards are made until none is missing, then it is finished.

A job knows nothing of what is in its shards. It has a folder that it has locked, a record of what
it is, a maker of shards and, at the end, something that makes the result of all of them.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Final, TypeVar

from raydrift.engine.data.pipeline import run_pipeline
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.jobs.job_log import JobLog
from raydrift.engine.jobs.maker import ShardMaker, changes_note
from raydrift.engine.jobs.progress import RunProgress
from raydrift.engine.jobs.telemetry import Telemetry, telemetry
from raydrift.engine.plan import Plan
from raydrift.engine.session import connect
from raydrift.engine.waiting import plan_when_free
from raydrift.errors import PipelineError, RejectedError, ShardError
from raydrift.paths import StoragePath
from raydrift.settings.output import FaultSettings
from raydrift.storage import layout
from raydrift.storage.accepted import accept
from raydrift.storage.lock import OutputLock
from raydrift.storage.made_on import check_made_on
from raydrift.storage.output import whole_shards
from raydrift.storage.record import JobRecord
from raydrift.storage.rejected import check_share
from raydrift.storage.shards import LedgerRow, remove_other_attempts, remove_unfinished
from raydrift.storage.summary import summarize
from raydrift.text import plural

# An input is out of reach when half of the images cannot be read, of so many at least at a first
# reading, and of so many at a second one.
_OUTAGE_SAMPLES: Final = 500
FEW_SAMPLES: Final = 10
_REPAIRS: Final = 2


Result = TypeVar("Result")


class Job:
    """One job on its folder, which it has locked.

    Args:
        record: What ``run.json`` is going to say.
        output: The folder.
        maker: Makes its shards.
        faults: What happens with samples that cannot be used.
        lock: The folder's lock.
        clock: Whose phases ``run.json`` tells.
        waiting: What is told before the first shard is done.
        counted: Whether Prometheus hears of it; its metrics are of images that are written.
        quiet: Show no progress.
        unit: One of what it is counted in.
    """

    def __init__(
        self,
        record: JobRecord,
        output: StoragePath,
        maker: ShardMaker,
        faults: FaultSettings,
        lock: OutputLock,
        clock: Clock,
        waiting: str = "starting workers",
        counted: bool = True,
        quiet: bool = False,
        unit: str = "image",
    ) -> None:
        self._record = record
        self._output = output
        self._maker = maker
        self._faults = faults
        self._lock = lock
        self._clock = clock
        self._waiting = waiting
        self._counted = counted
        self._quiet = quiet
        self._unit = unit
        self._log = JobLog(record, output, unit)
        self._ledger: dict[int, LedgerRow] = {}
        self._earlier: dict[int, LedgerRow] = {}  # attempts at shards that are made anew

    @property
    def log(self) -> JobLog:
        """Where the job's events go."""
        return self._log

    def begin(self, clear: Callable[[], None]) -> None:
        """Makes all shards anew.

        Args:
            clear: Deletes whatever is in the folder; called when the workers are about to start.
        """
        self._clock.end_phase("connect")
        self._make_missing(clear)

    def resume(self, checked: bool) -> None:
        """Makes those shards that are not there and whole.

        Args:
            checked: Whether all bytes of those that are there are read to find damaged ones; what
                finishes the job does that too.
        """
        self._find_shards(checked)
        remove_unfinished(self._output)
        self._clock.end_phase("check")
        self._make_missing()

    def finish(self, make_result: Callable[[list[LedgerRow]], Result]) -> Result:
        """Makes the result of the shards.

        A shard that is found to be damaged is made again: a disk may have lied, or a worker of an
        earlier attempt, which was killed, may have written late.

        Args:
            make_result: Makes it, given the ledger rows in order. The record is saved by then, and
                says that all shards are there.

        Raises:
            RejectedError: Too many samples could not be used; the shards are kept.
        """
        for _ in range(_REPAIRS):
            try:
                return make_result(self._accepted())
            except ShardError as error:
                self._log.damaged(error)
                self._find_shards(checked=True)
                self._make_missing()
        return make_result(self._accepted())

    def _accepted(self) -> list[LedgerRow]:
        """All shards, in order; the record says that these are the ones."""
        output, record = self._output, self._record
        rows = [self._ledger[shard] for shard in range(record.shards)]
        for row in rows:
            self._check_first(row)
        self._lock.check()
        record.timings = dict(self._clock.seconds)
        summarize(record, rows)
        accept(output, record, rows)
        check_share(output, rows, self._faults.max_rejected)
        return rows

    def _find_shards(self, checked: bool) -> None:
        """Looks for the shards that are there, and for those that may gain by being made anew."""
        self._ledger = whole_shards(self._output, self._record, checked)
        self._drop_changed()
        again = self._maker.readable_now(self._ledger.values())
        self._earlier = {shard: self._ledger.pop(shard) for shard in again}
        self._log.look_again(again)
        if not self._ledger and not self._earlier:
            self._record.made_on = {}  # no other bytes are left that new ones could differ from

    def _drop_changed(self) -> None:
        """Deletes the shards of files whose content is another by now; the record says how many."""
        found = self._maker.changes(self._ledger)
        for shard, listing in found.listing.items():
            self._ledger[shard] = replace(self._ledger[shard], listing=listing)
        for error in found.damaged.values():
            self._log.damaged(error)
        if found.shards:
            note = changes_note(found, self._record.shards)
            self._record.notes = list(dict.fromkeys([*self._record.notes, note]))
            self._log.changed(note, found.files, len(found.shards))
        gone = found.shards | found.damaged.keys()
        if not gone:
            return
        for shard in gone:
            del self._ledger[shard]
        self._lock.check()
        remove_other_attempts(self._output, self._ledger.values())

    def _make_missing(self, clear: Callable[[], None] | None = None) -> None:
        record = self._record
        missing = [shard for shard in range(record.shards) if shard not in self._ledger]
        if not missing:
            return
        cluster = self._maker.cluster
        connect(cluster)
        plan = plan_when_free(cluster, self._maker.demands, len(missing), self._quiet)
        self._clock.end_phase("connect")
        self._lock.check()
        self._maker.check(plan, record)
        if clear is not None:
            clear()
        (self._output / layout.SHARDS).create()
        record.plan = plan.written()
        record.save(self._output)
        there = self._ledger.values()
        done, rejected = sum(row.asked for row in there), sum(row.rejected for row in there)
        self._log.begin(len(missing), plan)
        with (
            telemetry(record, done, self._counted) as told,
            RunProgress(
                record.samples,
                done,
                rejected,
                waiting=self._waiting,
                quiet=self._quiet,
                run=record.short_id,
                unit=self._unit,
            ) as progress,
        ):
            again = self._make(missing, plan, progress, told, last=False)
            if again:
                self._make(again, plan, progress, told, last=True)
        self._clock.end_phase("pipeline")

    def _make(
        self,
        shards: list[int],
        plan: Plan,
        progress: RunProgress,
        told: Telemetry,
        last: bool,
    ) -> list[int]:
        """Makes some shards; returns those to be made once more.

        Those are the ones with samples whose reading failed by what may have passed by now. The
        last time such samples are rejected, if they are a few: where they are many, the input is
        out of reach, and nothing is given up for that.

        Raises:
            PipelineError: A shard did not come back whole, or the input cannot be reached.
        """
        again: set[int] = set()
        read, interrupted, first = 0, 0, ""
        with closing(run_pipeline(self._maker.pipeline(shards, plan, self._record))) as rows:
            for values in rows:
                self._lock.check()
                row = LedgerRow.from_dict(values)
                if row.asked != (wanted := self._maker.asked(row.shard)):
                    raise PipelineError(
                        f"shard {row.shard} came with {row.asked} of its "
                        f"{plural(wanted, 'sample')}: run the same command again"
                    )
                self._check_made_on(row)
                read, interrupted = read + row.asked, interrupted + row.interrupted
                first = first or (row.first_rejected if row.interrupted else "")
                if not last:
                    check_reach(interrupted, max(read, _OUTAGE_SAMPLES), first)
                row = self._better(row)
                if row.interrupted and not last:
                    again.add(row.shard)
                    self._earlier[row.shard] = row
                    self._log.again(row)
                    continue
                if row.shard not in self._ledger:
                    progress.add(row)
                    told.add(row)
                    self._log.shard(row)
                self._ledger[row.shard] = row
                self._check_first(row)
        if last:
            check_reach(interrupted, max(read, FEW_SAMPLES), first)
        lost = [shard for shard in shards if shard not in self._ledger and shard not in again]
        if lost:
            raise PipelineError(
                f"{plural(len(lost), 'shard')} never came back: run the same command again"
            )
        return sorted(again)

    def _check_made_on(self, row: LedgerRow) -> None:
        """The first shard decides for the run; the workers of a resume know it beforehand."""
        record = self._record
        if not record.made_on:
            record.made_on = row.made_on
            record.save(self._output)
        check_made_on(record.made_on, row.made_on, row.worker.rpartition(":")[0])

    def _better(self, row: LedgerRow) -> LedgerRow:
        """This attempt at a shard, or an earlier one that has more of its images."""
        return min(row, self._earlier.pop(row.shard, row), key=lambda one: one.unusable)

    def _check_first(self, row: LedgerRow) -> None:
        if row.rejected and self._faults.on_error == "fail":
            raise RejectedError(
                f"{row.first_rejected}: stopped at the first image that cannot be used; "
                "go on without such images with --on-error skip"
            )


def check_reach(interrupted: int, read: int, first: str) -> None:
    """Makes sure that an input can be reached, and not merely a few of its files.

    Args:
        interrupted: Images that could not be read for a reason that may pass.
        read: Images that were to be read.
        first: The first of the interrupted, and why.

    Raises:
        PipelineError: Half of them could not be read.
    """
    if interrupted > read / 2:
        raise PipelineError(
            f"the input cannot be reached: {plural(interrupted, 'image')} could not be read "
            f"(first: {first}): what is finished is kept, the same command goes on"
        )

"""A run at work: shards are made until none is missing, then merged."""

from contextlib import closing
from dataclasses import asdict, replace
from time import perf_counter

import numpy as np

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.embed.weights import Weights
from raydrift.engine.changes import InputNow, changes_of_shards
from raydrift.engine.data.pipeline import PipelineJob, run_pipeline
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.jobs.job_log import JobLog
from raydrift.engine.jobs.progress import RunProgress
from raydrift.engine.jobs.telemetry import Telemetry, telemetry
from raydrift.engine.needs import check_needs
from raydrift.engine.session import connect
from raydrift.engine.spread import cluster_map
from raydrift.engine.waiting import plan_when_free
from raydrift.errors import PipelineError, RejectedError, ShardError
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.accepted import accept
from raydrift.storage.finalize import finalize
from raydrift.storage.lock import OutputLock
from raydrift.storage.made_on import check_device, check_made_on
from raydrift.storage.output import clear, whole_shards
from raydrift.storage.record import RunRecord
from raydrift.storage.rejected import check_share
from raydrift.storage.shards import LedgerRow, remove_other_attempts, remove_unfinished
from raydrift.storage.summary import summarize
from raydrift.storage.unread import shards_to_read_again
from raydrift.text import plural

# An input is out of reach when half of the images cannot be read, of so many at least at a first
# reading, and of so many at a second one.
_OUTAGE_IMAGES = 500
_FEW_IMAGES = 10
_REPAIRS = 2


class Clock:
    """Seconds, by what they were spent on."""

    def __init__(self) -> None:
        self._start = self._last = perf_counter()
        self.seconds: dict[str, float] = {}

    def end_phase(self, name: str) -> None:
        """Books the time since the last phase ended."""
        now = perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 3)
        self._last = now

    @property
    def total(self) -> float:
        """Seconds since it was started."""
        return perf_counter() - self._start


class Run:
    """One run on its output folder, which it has locked.

    Args:
        settings: The run's settings.
        catalog: Its input.
        stream: What happens to its samples.
        weights: The network's weights; None: nothing is embedded.
        output: The folder.
        record: What ``run.json`` is going to say.
        lock: The folder's lock.
        clock: Whose phases ``run.json`` tells.
        quiet: Show no progress.
    """

    def __init__(
        self,
        settings: GenerateSettings,
        catalog: Catalog,
        stream: Stream,
        weights: Weights | None,
        output: StoragePath,
        record: RunRecord,
        lock: OutputLock,
        clock: Clock,
        quiet: bool,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._stream = stream
        self._weights = weights
        self._output = output
        self._record = record
        self._lock = lock
        self._clock = clock
        self._quiet = quiet
        self._log = JobLog(record, output)
        self._ledger: dict[int, LedgerRow] = {}
        self._earlier: dict[int, LedgerRow] = {}  # attempts at shards that are made anew

    @property
    def log(self) -> JobLog:
        """Where the run's events go."""
        return self._log

    def begin(self) -> None:
        """Makes all shards anew; whatever was in the folder is deleted as they start."""
        self._clock.end_phase("connect")
        self._make_missing(anew=True)

    def go_on(self) -> None:
        """Makes those shards that are not there and whole."""
        self._find_shards(checked=not self._settings.write.finalize)
        remove_unfinished(self._output)
        self._clock.end_phase("check")
        self._make_missing()

    def close(self) -> RunRecord:
        """Merges the shards, unless the settings leave that for later.

        A shard that is found to be damaged is made again: a disk may have lied, or a worker of an
        earlier attempt, which was killed, may have written late.

        Raises:
            RejectedError: Too many images could not be used; the shards are kept.
        """
        for _ in range(_REPAIRS):
            try:
                return self._merge()
            except ShardError as error:
                self._log.damaged(error)
                self._find_shards(checked=True)
                self._make_missing()
        return self._merge()

    def _find_shards(self, checked: bool) -> None:
        """Looks for the shards that are there, and for those that may gain by being made anew."""
        source, max_bytes = self._catalog.root, self._settings.image.most_read
        self._ledger = whole_shards(self._output, self._record, checked)
        self._drop_changed()
        again = shards_to_read_again(self._output, self._ledger.values(), source, max_bytes)
        self._earlier = {shard: self._ledger.pop(shard) for shard in again}
        self._log.look_again(again)
        if not self._ledger and not self._earlier:
            self._record.made_on = {}  # no other bytes are left that new ones could differ from

    def _drop_changed(self) -> None:
        """Deletes the shards of images whose content is another by now; the run says how many."""
        now = InputNow(self._settings, self._catalog, self._record)
        found = changes_of_shards(self._output, self._ledger, now)
        for shard in found.same:
            self._ledger[shard] = replace(self._ledger[shard], listing=now.listing[shard])
        for error in found.damaged.values():
            self._log.damaged(error)
        if found.images:
            told = found.described(self._record.shards)
            self._record.notes = list(dict.fromkeys([*self._record.notes, told]))
            self._log.changed(told, found.images, len(found.shards))
        gone = found.shards | found.damaged.keys()
        if not gone:
            return
        for shard in gone:
            del self._ledger[shard]
        self._lock.check()
        remove_other_attempts(self._output, self._ledger.values())

    def _make_missing(self, anew: bool = False) -> None:
        missing = [shard for shard in range(self._record.shards) if shard not in self._ledger]
        if not missing:
            return
        settings = self._settings
        connect(settings.cluster)
        embed = self._weights is not None
        check_needs(settings, [self._stream.schedule])
        plan = plan_when_free(settings.cluster, embed, len(missing), self._quiet)
        self._clock.end_phase("connect")
        self._lock.check()
        check_device(self._record.made_on, plan.on_gpu)
        if anew:
            clear(self._output, settings.write.overwrite)
        (self._output / layout.SHARDS).create()
        self._record.plan = asdict(plan)
        self._record.save(self._output)
        job = PipelineJob(
            ShardJob(
                settings,
                self._catalog.root,
                self._output,
                self._record.fingerprint,
                self._record.versions,
                self._stream.schedule,
                self._record.made_on,
            ),
            plan,
            self._weights,
            measure_job=None,
            verbose=settings.cluster.verbose,
        )
        there = self._ledger.values()
        done, rejected = sum(row.asked for row in there), sum(row.rejected for row in there)
        self._log.begin(len(missing), plan)
        with (
            telemetry(self._record, done) as told,
            RunProgress(
                self._record.samples,
                done,
                rejected,
                quiet=self._quiet,
                run=self._record.short_id,
            ) as progress,
        ):
            again = self._make(job, missing, progress, told, last=False)
            if again:
                self._make(job, again, progress, told, last=True)
        self._clock.end_phase("pipeline")

    def _make(
        self,
        job: PipelineJob,
        shards: list[int],
        progress: RunProgress,
        told: Telemetry,
        last: bool,
    ) -> list[int]:
        """Makes some shards; returns those to be made once more.

        Those are the ones with images whose reading failed by what may have passed by now. The last
        time such images are rejected, if they are a few: where they are many, the input is out of
        reach, and nothing is given up for that.

        Raises:
            PipelineError: A shard did not come back whole, or the input cannot be reached.
        """
        record = self._record
        tasks = ShardTasks(
            self._settings,
            self._catalog,
            record.samples,
            record.shard_size,
            np.array(shards),
            self._stream.where,
        )
        again: set[int] = set()
        read, interrupted, first = 0, 0, ""
        with closing(run_pipeline(job, tasks)) as rows:
            for values in rows:
                self._lock.check()
                row = LedgerRow.from_dict(values)
                if row.asked != (wanted := tasks.asked(row.shard)):
                    raise PipelineError(
                        f"shard {row.shard} came with {row.asked} of its "
                        f"{plural(wanted, 'sample')}: run the same command again"
                    )
                self._check_made_on(row)
                read, interrupted = read + row.asked, interrupted + row.interrupted
                first = first or (row.first_rejected if row.interrupted else "")
                if not last:
                    _check_reach(interrupted, max(read, _OUTAGE_IMAGES), first)
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
            _check_reach(interrupted, max(read, _FEW_IMAGES), first)
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
        if row.rejected and self._settings.faults.on_error == "fail":
            raise RejectedError(
                f"{row.first_rejected}: stopped at the first image that cannot be used; "
                "go on without such images with --on-error skip"
            )

    def _merge(self) -> RunRecord:
        output, record, settings = self._output, self._record, self._settings
        rows = [self._ledger[shard] for shard in range(record.shards)]
        for row in rows:
            self._check_first(row)
        self._lock.check()
        record.timings = dict(self._clock.seconds)
        summarize(record, rows)
        accept(output, record, rows)
        check_share(output, rows, settings.faults.max_rejected)
        if not settings.write.finalize:
            self._log.end(record, self._clock.total)
            return record
        self._log.merge()
        asked = record.counts["asked"]
        with (
            telemetry(record, asked) as told,
            RunProgress(asked, label="merging", quiet=self._quiet, run=record.short_id) as progress,
        ):

            def merged(row: LedgerRow) -> None:
                progress.add(row)
                told.merge(row)

            complete = finalize(
                output,
                keep_shards=settings.write.keep_shards,
                accept_rejected=True,  # they were looked at
                on_shard=merged,
                check=self._lock.check,
                parallel_map=cluster_map(),
            )
        self._log.end(complete, self._clock.total)
        return complete


def _check_reach(interrupted: int, read: int, first: str) -> None:
    if interrupted > read / 2:
        raise PipelineError(
            f"the input cannot be reached: {plural(interrupted, 'image')} could not be read "
            f"(first: {first}): what is finished is kept, the same command goes on"
        )

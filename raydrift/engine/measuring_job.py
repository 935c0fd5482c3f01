"""A measurement that is kept while it is under way: stopped, it goes on where it was."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.jobs.job import Job
from raydrift.engine.jobs.maker import ShardMaker
from raydrift.paths import StoragePath
from raydrift.settings.output import FaultSettings
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.output import clear, find_run
from raydrift.storage.record import JobRecord, installed_versions, other_version
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import (
    LedgerRow,
    Rejected,
    open_shard,
    read_rejected,
    remove_shards,
)

MEASURE_PACKAGES: Final = ("scipy", "scikit-learn")
"""What metrics come from, beside the packages that make pixels and embeddings."""

_ANY_NUMBER: Final = FaultSettings(max_rejected=1.0)  # may be unusable, as long as some are not

Result = TypeVar("Result")


class MeasuredShards(ShardMaker, Protocol):
    """Measures something, and commits it."""

    @property
    def samples(self) -> int:
        """How many there are of what is measured."""

    @property
    def size(self) -> int:
        """So many of them a shard."""

    @property
    def catalog(self) -> Catalog:
        """The input that they are of."""


class MeasuringJob:
    """A job whose shards are measured batches.

    Args:
        folder: The folder of the job, which is locked.
        identity: All that the measures depend on; the shards of another job in the folder are
            deleted.
        settings: As ``run.json`` shows them.
        measured: Measures and commits the batches.
        lock: The lock of the folder, or of one above it.
        clock: What the record's seconds are counted by.
        quiet: Show no progress.
        what: What they are, and one of what they are counted in, for whoever watches.
        doing: What is done with them, likewise.
    """

    def __init__(
        self,
        folder: StoragePath,
        identity: dict[str, Any],
        settings: dict[str, Any],
        measured: MeasuredShards,
        lock: OutputLock,
        clock: Clock,
        quiet: bool,
        what: tuple[str, str] = ("batches", "image"),
        doing: str = "measuring",
    ) -> None:
        self._folder, self._clock = folder, clock
        self._record = JobRecord(
            identity,
            settings,
            shard_size=measured.size,
            samples=measured.samples,
            classes=dict(measured.catalog.labels),
            ignored=dict(measured.catalog.ignored),
            versions=installed_versions(MEASURE_PACKAGES),
        )
        self._begun = self._take_over(find_run(folder, identity, overwrite=True))
        waiting, unit = f"{doing} the first {what[0]}", what[1]
        self._job = Job(
            self._record,
            folder,
            measured,
            _ANY_NUMBER,
            lock,
            clock,
            waiting,
            counted=False,
            quiet=quiet,
            unit=unit,
        )

    def _take_over(self, found: JobRecord | None) -> bool:
        """Whether this very job was begun, with the same packages; the record goes on then."""
        if (
            found is None
            or found.shard_size != self._record.shard_size
            or other_version(MEASURE_PACKAGES, found.versions) is not None
        ):
            return False
        self._record.made_on, self._record.notes = found.made_on, found.notes
        return True

    def results(
        self, of: Callable[[pa.Table, list[Rejected], tuple[Remark, ...]], Result]
    ) -> list[Result]:
        """Measures what is missing, and reads all of it back.

        Args:
            of: Makes a result of the table of a batch, its rejected images, and the remarks on the
                others.

        Returns:
            One for each batch, in order.
        """
        return self.finish(lambda rows: [self.read(row, of) for row in rows])

    def finish(self, make_result: Callable[[list[LedgerRow]], Result]) -> Result:
        """Measures what is missing, and makes a result of the shards, as ``Job.finish``."""
        with self._job.log.ending():
            if self._begun:
                self._job.resume(checked=False)
            else:
                self._job.begin(partial(clear, self._folder, True))
            found = self._job.finish(make_result)
            self._job.log.measured(self._record, self._clock.total)
            return found

    def read(
        self,
        row: LedgerRow,
        of: Callable[[pa.Table, list[Rejected], tuple[Remark, ...]], Result],
    ) -> Result:
        """Makes something of a shard, see ``results``.

        Raises:
            ShardError: It is gone or damaged.
        """
        rejected = read_rejected(self._folder, row) if row.rejected else []
        return of(open_shard(self._folder, row).read(), rejected, row.remarks)

    def remove(self) -> None:
        """Deletes the shards and the record; their results are elsewhere."""
        remove_shards(self._folder)
        (self._folder / layout.RUN).delete()

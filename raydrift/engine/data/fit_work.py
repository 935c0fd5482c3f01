"""The work on one fit: a probe learns from one view, and is tested on each of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.drift.platform import pixel_platform
from raydrift.engine.data.committing import committed, failing_as_worker, new_row
from raydrift.engine.data.failures import failure_row
from raydrift.engine.data.measured import (
    Corruption,
    Embeddings,
    corrupted_column,
    view_embeddings,
)
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shipping import fetched
from raydrift.errors import RaydriftError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow, commit, open_shard, write_samples
from raydrift.tasks.probe import Probe
from raydrift.tasks.splits import Whole, train_samples


@dataclass(frozen=True)
class FitJob:
    """What a worker that fits is told.

    Fit number n is of the train view n // splits and the split n % splits.

    Attributes:
        output: The folder of the fits.
        fingerprint: Of their job.
        embeddings: The folder of the embeddings.
        shards: Their shards, in order.
        views: The codes of the views.
        files: The number of each sample's file, in the order of the shards.
        labels: The number of each sample's class.
        classes: How many classes there are.
        splits: How many splits there are.
        train_size: The share of the files that is learned from.
        seed: The run's seed.
        corruptions: What else of its own view a probe is tested on.
    """

    output: StoragePath
    fingerprint: str
    embeddings: StoragePath
    shards: tuple[LedgerRow, ...]
    views: tuple[str, ...]
    files: Whole
    labels: Whole
    classes: int
    splits: int
    train_size: float
    seed: int
    corruptions: tuple[Corruption, ...] = ()


class FitStage:
    """Fits a probe, tests it, and commits what it got right."""

    def __init__(self, job: Any) -> None:
        self._job: FitJob = fetched(job)

    def __call__(self, row: pa.Table) -> pa.Table:
        """Takes the number of a fit; returns its ledger row."""
        fit, started, clock = table_of(row)["shard"][0].as_py(), time.time(), time.perf_counter()
        try:
            with failing_as_worker():
                table = fit_table(self._job, fit)
        except RaydriftError as error:
            return failure_row(error)
        spent = time.perf_counter() - clock
        return committed(
            self._job.output, lambda: commit_fit(self._job, fit, table, started, spent)
        )


def fit_table(job: FitJob, fit: int) -> pa.Table:
    """Fits a probe, tests it on every view and on its own corrupted (``schemas.FITTED``).

    Only what is learned from of one view, and what is tested on, is in memory.

    Args:
        job: All fits.
        fit: The number of this one.

    Raises:
        ShardError: A shard of the embeddings is gone or damaged.
    """
    view, split = divmod(fit, job.splits)
    train = train_samples(job.files, job.labels, split, train_size=job.train_size, seed=job.seed)
    own, corruptions = job.views[view], job.corruptions
    columns = [*job.views, *(corrupted_column(own, one) for one in corruptions)]
    learned, tested = _embeddings(job, own, columns, train)
    probe = Probe(learned, job.labels[train])
    scores = [probe.counts(rows, job.labels[~train], job.classes).total for rows in tested]
    plain = len(job.views) * [None]
    values = {
        "train_view": [own] * len(columns),
        "test_view": [*job.views, *([own] * len(corruptions))],
        "split": [split] * len(columns),
        "samples": [score.samples for score in scores],
        "accuracy": [score.accuracy for score in scores],
        "f1": [score.f1 for score in scores],
        "corruption": [*plain, *(name for name, _ in corruptions)],
        "severity": [*plain, *(severity for _, severity in corruptions)],
    }
    return pa.table(values, schema=schemas.FITTED)


def _embeddings(
    job: FitJob,
    learned: str,
    tested: Sequence[str],
    train: np.ndarray[Any, np.dtype[np.bool_]],
) -> tuple[Embeddings, list[Embeddings]]:
    """What is learned from of a view, and what is tested on of each of some columns."""
    first, rows = 0, []
    tests: list[list[Embeddings]] = [[] for _ in tested]
    for shard in job.shards:
        own = train[first : first + shard.written]
        first += shard.written
        table = open_shard(job.embeddings, shard).read(columns=list(tested))
        rows.append(view_embeddings(table, learned)[own])
        for column, parts in zip(tested, tests, strict=True):
            parts.append(view_embeddings(table, column)[~own])
    return np.concatenate(rows), [np.concatenate(parts) for parts in tests]


def commit_fit(
    job: FitJob, fit: int, table: pa.Table, started: float, spent: float, trained_on: str = ""
) -> LedgerRow:
    """Writes and commits an attempt at a fit.

    Args:
        job: All fits.
        fit: The number of this one.
        table: What it got right.
        started: When it was begun, seconds since 1970.
        spent: Seconds that it took.
        trained_on: The kind of machine that a network was trained on; of probes empty.
    """
    clock, attempt = time.perf_counter(), layout.new_attempt()
    size, crc32 = write_samples(job.output, fit, attempt, table.schema, [table])
    row = new_row(
        fit,
        job.fingerprint,
        (),
        attempt=attempt,
        asked=1,
        written=1,
        content_bytes=0,
        names_size=0,
        size=size,
        crc32=crc32,
        pixels_on=pixel_platform(),  # others may add up in another order
        embedded_on=trained_on,
        started=started,
        embed_seconds=spent,
        write_seconds=time.perf_counter() - clock,
    )
    commit(job.output, row, ())
    return row

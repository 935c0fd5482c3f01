"""The work on one shard of views: each image is read once, and developed by every view."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa

from raydrift import schemas
from raydrift.camera import View
from raydrift.drift.camera.developed import developed, developed_mask
from raydrift.drift.written import as_text
from raydrift.engine.data.committing import TimedParts, committed, failing_as_worker
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.gathered import PngColumn
from raydrift.engine.data.part_samples import ROWS_AT_ONCE, PartSamples, with_images, with_masks
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.shard_work import Made, ShardJob, ShardPart
from raydrift.engine.data.shipping import fetched
from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow, commit, writing_samples

VIEW: Final = "view"
"""The type of the one step in a picture's provenance."""

Tables = dict[View, pa.Table]
"""Some samples of a shard, with their pictures of each view."""


@dataclass(frozen=True)
class ViewsJob:
    """What every worker is told once.

    Attributes:
        run: The run.
        views: Each view as a run of its own, whose folder and fingerprint it has.
        compat: Whether views are as published.
    """

    run: ShardJob
    views: Mapping[View, ShardJob]
    compat: bool


class ViewStage:
    """Develops the images of a shard, and commits it in the folder of each view."""

    def __init__(self, job: Any) -> None:
        self._job: ViewsJob = fetched(job)
        self._drifter = Drifter(self._job.run)

    def __call__(self, row: pa.Table) -> pa.Table:
        """Takes a shard's row; returns its ledger row."""
        tasks = table_of(row)
        shard = tasks["shard"][0].as_py()
        return committed(
            self._job.run.output, lambda: commit_views(self._job, shard, self._parts(tasks))
        )

    def _parts(self, tasks: pa.Table) -> Iterator[Tables]:
        with failing_as_worker():
            for samples in self._drifter.samples(tasks, ROWS_AT_ONCE):
                yield view_part(self._job, samples)


def view_part(job: ViewsJob, samples: PartSamples) -> Tables:
    """Develops some images.

    Args:
        job: The run.
        samples: The images.

    Raises:
        PipelineError: One is no photograph.
    """
    pngs = {view: PngColumn(len(samples)) for view in job.views}
    masks = PngColumn(len(samples))
    seen: list[dict[str, Any] | None] = []
    for _, decoded in samples:
        if decoded is None:
            for column in pngs.values():
                column.add(None)
            masks.add(None)
            seen.append(None)
            continue
        facts, made = developed(decoded, job.views, job.run.settings, job.compat)
        masks.add(developed_mask(decoded, job.run.settings))
        for view, picture in made:
            pngs[view].add(picture)
        seen.append(facts | {"compat": job.compat})
    table = samples.table()
    if job.run.masks is not None:
        table = with_masks(table, masks.finish())
    if job.run.settings.raw is not None:
        cameras = [None if facts is None else as_text(facts) for facts in seen]
        table = table.append_column(schemas.CAMERA, pa.array(cameras, schemas.CAMERA.type))
    return {view: _table(table, view, pngs[view].finish(), seen) for view in job.views}


def _table(
    samples: pa.Table, view: View, pngs: pa.Array, seen: Iterable[Mapping[str, Any] | None]
) -> pa.Table:
    """The pictures of a view; what its camera did is told as the one step of each."""
    count = samples.num_rows
    steps = [
        []
        if facts is None
        else [{"type": VIEW, "level": 0.0, "kernel": str(view), "parameters": as_text(facts)}]
        for facts in seen
    ]
    table = with_images(samples, pngs)
    for name, column in {
        "transforms": pa.array(steps, schemas.TRANSFORMS),
        "drifted": pa.array([False] * count),
        "level": pa.array([0.0] * count),
        "reason": pa.array([f"view {view}"] * count, pa.string()),
    }.items():
        table = table.append_column(name, column)
    return table


def commit_views(job: ViewsJob, shard: int, parts: Iterable[Tables]) -> LedgerRow:
    """Writes and commits an attempt at a shard: of each view, and then of the run.

    Args:
        job: The run.
        shard: The shard's number.
        parts: Its samples, in order.

    Returns:
        The ledger row of the run's shard. Its bytes are those of the pictures of all views.
    """
    attempt, clock, timed = layout.new_attempt(), time.perf_counter(), TimedParts(parts)
    made = {view: Made(one) for view, one in job.views.items()}
    with ExitStack() as stack:
        run = job.run.output
        own = stack.enter_context(writing_samples(run, shard, attempt, schemas.VIEWED))
        files = {
            view: stack.enter_context(
                writing_samples(one.output, shard, attempt, made[view].schema)
            )
            for view, one in job.views.items()
        }
        for part in timed:
            for view, table in part.items():
                written = made[view].add(ShardPart(table))
                files[view].add(written)
            own.add(written.select(schemas.VIEWED.names).cast(schemas.VIEWED))
    spent = time.perf_counter() - clock - timed.seconds
    rows = [
        made[view].row(
            shard,
            one.fingerprint,
            attempt=attempt,
            size=files[view].size,
            crc32=files[view].crc32,
            write_seconds=spent,
        )
        for view, one in job.views.items()
    ]
    for (view, one), row in zip(job.views.items(), rows, strict=True):
        commit(one.output, _share(row, len(rows)), made[view].rejected)
    whole = replace(
        rows[0],
        fingerprint=job.run.fingerprint,
        size=own.size,
        crc32=own.crc32,
        content_bytes=sum(row.content_bytes for row in rows),
        tar_size=-1,
    )
    commit(job.run.output, whole, made[next(iter(made))].rejected)
    return whole


def _share(row: LedgerRow, views: int) -> LedgerRow:
    """The same shard, with its share of the seconds that all views took together."""
    seconds = {f"{stage}_seconds": took / views for stage, took in row.stage_seconds.items()}
    return replace(row, **seconds)  # type: ignore[arg-type]  # they are all floats

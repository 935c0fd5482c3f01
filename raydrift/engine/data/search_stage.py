"""What the actors of a search for cameras do: each call searches a part at a level, and commits."""

import json
import socket
import time
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import ray

from raydrift.drift.platform import pixel_platform
from raydrift.engine.data.camera_search import CameraSearch, SearchJob, originals_of
from raydrift.engine.data.committing import committed, failing_as_worker, new_row
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.failures import failure_row
from raydrift.engine.data.pipeline import Stage
from raydrift.engine.data.rows import table_of
from raydrift.engine.data.run_images import RunImages, SomeImages
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.shipping import fetched, with_transforms
from raydrift.engine.plan import WORKERS
from raydrift.errors import RaydriftError, RejectedError
from raydrift.paths import redacted
from raydrift.schedules.schedule import Schedule
from raydrift.storage import layout
from raydrift.storage.made_on import check_made_on
from raydrift.storage.remarks import RemarkCount
from raydrift.storage.shards import LedgerRow, Rejected, commit, write_samples
from raydrift.tasks.task import Task
from raydrift.text import plural

SEARCHED: Final = pa.schema(
    [
        ("part", pa.string()),
        ("level", pa.float64()),
        ("samples", pa.int64()),
        ("of_pixels", pa.bool_()),
        ("quality", pa.float64()),
        ("loss", pa.float64()),
        ("climbed", pa.float64()),
        ("drawn_quality", pa.float64()),
        ("camera", pa.string()),
        ("tried", pa.int64()),
        ("sample_ids", pa.list_(pa.int64())),
        ("class_names", pa.list_(pa.string())),
    ]
)
"""What a search commits, of one row: the worst camera, how many were measured, and what is left of
the model. That of the originals has part and level null; it alone says which samples could be used,
and their classes."""


def search_stage(job: ShardJob, told: SearchJob, task: Task) -> Stage:
    """The one stage that searches, a CPU each.

    Args:
        job: The run.
        told: What is searched.
        task: The user's model.
    """
    schedules = [Schedule(job.settings.seed, cell.infos) for cell in told.cells]
    return Stage(SearchStage, WORKERS, (with_transforms(job, schedules), told, task))


@dataclass
class Seen:
    """What becomes of the images of a run while they are read."""

    ids: list[int]
    class_names: list[str]
    rejected: list[Rejected]
    interrupted: int
    remarks: RemarkCount

    def __call__(self, some: SomeImages) -> None:
        """Takes some of them."""
        taken = some.images.taken
        self.ids += some.tasks["sample_id"].to_pylist()
        self.class_names += some.tasks["class_name"].to_pylist()
        self.rejected += taken.rejected
        self.interrupted += taken.interrupted
        self.remarks.add(taken.remarks)


class SearchStage:
    """Searches, and commits what was found."""

    def __init__(self, job: Any, told: Any, task: Any) -> None:
        self._job: ShardJob = fetched(job)
        self._told: SearchJob = fetched(told)
        self._task = task
        told_images = (self._told.catalog, self._told.samples, Drifter(self._job))
        self._images = RunImages(self._job.settings, *told_images)
        self._objective: Any = None
        self._platform = ""

    def __call__(self, row: pa.Table) -> pa.Table:
        number, started = table_of(row)["shard"][0].as_py(), time.time()
        clock = time.perf_counter()
        try:
            with failing_as_worker():
                self._make_ready()
                seen = Seen([], [], [], 0, RemarkCount())
                found = self._originals(seen) if number == 0 else self._worst(number)
        except RaydriftError as error:
            return failure_row(error)
        table = pa.Table.from_pylist([found], schema=SEARCHED)
        spent = time.perf_counter() - clock
        return committed(
            self._job.output, lambda: self._commit(number, table, seen, started, spent)
        )

    def _make_ready(self) -> None:
        """Loads the model at the first search, as files that are no model are to be error rows."""
        if self._objective is None:
            from raydrift.tasks.objective import Objective
            from raydrift.tasks.scorer import Scorer

            image = self._job.settings.image
            scorer = Scorer(ray.get(self._task), "cpu", 1)
            self._platform = f"task {scorer.platform(image.height, image.width)}"
            self._objective = Objective(scorer, self._told.search)
        check_made_on(self._job.made_on, {"embeddings": self._platform}, socket.gethostname())

    def _originals(self, seen: Seen) -> dict[str, Any]:
        size = self._told.search.batch_size
        count = originals_of(self._images, self._objective, size, seen)
        if not seen.ids:
            raise RejectedError(_nothing(self._job.settings.input, seen.rejected))
        return {
            "samples": count.samples,
            "of_pixels": count.is_of_pixels,
            "quality": count.harm.quality,
            "loss": count.harm.loss,
            "sample_ids": seen.ids,
            "class_names": seen.class_names,
        }

    def _worst(self, number: int) -> dict[str, Any]:
        cell = self._told.cells[number - 1]
        search = CameraSearch(self._job, self._told.search, self._images, self._objective)
        found = search.worst(cell)
        if found is None:
            raise RejectedError(_nothing(self._job.settings.input, []))
        return {
            "part": cell.part,
            "level": cell.level,
            "samples": found.samples,
            "of_pixels": found.of_pixels,
            "quality": found.harm.quality,
            "loss": found.harm.loss,
            "climbed": found.harm.climbed,
            "drawn_quality": found.drawn.quality,
            "camera": json.dumps(found.camera),
            "tried": found.tried,
        }

    def _commit(
        self, number: int, table: pa.Table, seen: Seen, started: float, spent: float
    ) -> LedgerRow:
        clock, attempt = time.perf_counter(), layout.new_attempt()
        size, crc32 = write_samples(self._job.output, number, attempt, table.schema, [table])
        row = new_row(
            number,
            self._job.fingerprint,
            seen.rejected,
            attempt=attempt,
            asked=1,
            written=1,
            interrupted=int(seen.interrupted > 0),
            content_bytes=0,
            names_size=0,
            size=size,
            crc32=crc32,
            remarks=seen.remarks.listed,
            pixels_on=pixel_platform(),
            embedded_on=self._platform,
            started=started,
            embed_seconds=spent,
            write_seconds=time.perf_counter() - clock,
        )
        commit(self._job.output, row, seen.rejected)
        return row


def _nothing(source: str, rejected: list[Rejected]) -> str:
    """That no image can be used."""
    first = f" (first: {rejected[0].path}: {rejected[0].error})" if rejected else ""
    how_many = f"none of {plural(len(rejected), 'image')}" if rejected else "no image"
    return f"{how_many} of {redacted(source)} can be used{first}: nothing was searched"

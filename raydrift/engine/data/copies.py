"""Which copies of a batch's images are embedded: they as they are and drifted, or their views."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from raydrift.camera import View
from raydrift.drift.camera.developed import developed
from raydrift.engine.data.drifter import Drifter, Taken
from raydrift.engine.data.lazy_embedder import LazyEmbedder
from raydrift.engine.data.lazy_task import LazyTask
from raydrift.engine.data.measured import LevelBatch, MeasuredBatch, ViewBatch
from raydrift.engine.data.shard_work import ShardJob, put_drifted
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import RGB, Array
from raydrift.schedules.schedule import Schedule
from raydrift.tasks.answers import AnyAnswers

_PICTURES_AT_ONCE: Final = 64  # that are in memory, of all views together


@dataclass(frozen=True)
class Embedded:
    """A batch, and what the ledger tells of its making.

    Attributes:
        batch: Its embeddings.
        taken: What became of its images.
        drift_seconds: What the copies took, the decoding too.
        embed_seconds: What the networks took.
    """

    batch: MeasuredBatch
    taken: Taken
    drift_seconds: float
    embed_seconds: float


class Copies(Protocol):
    """Makes the copies of a batch, and embeds them."""

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Embeds the copies of some images (``schemas.TASK``).

        Raises:
            RaydriftError: As the drifter, the network and the user's model.
        """


class DriftedCopies:
    """The images as they are, and drifted by each of some schedules.

    The copies of one schedule are made and embedded before those of the next: however many there
    are, a worker holds the pixels of the originals and of one.

    Args:
        job: What workers are told.
        schedules: Each makes a copy of every image.
        drifter: Reads the images.
        embedder: The network.
        task: Asks the user's model about the same pixels; None: nothing is asked.
    """

    def __init__(
        self,
        job: ShardJob,
        schedules: Sequence[Schedule],
        drifter: Drifter,
        embedder: LazyEmbedder,
        task: LazyTask | None,
    ) -> None:
        self._jobs = [replace(job, schedule=schedule) for schedule in schedules]
        self._drifter, self._embedder, self._task = drifter, embedder, task

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Embeds the images and their drifted copies."""
        started = time.time()
        images = self._drifter.originals(tasks, "the network")
        taken = images.taken
        used = tasks.take(pa.array(taken.rows, pa.int64()))
        sample_ids, labels = used["sample_id"].to_pylist(), used["label"].to_pylist()
        embedded, embed_seconds = self._embedder(images.pixels)
        clock = time.perf_counter()
        answers = self._asked(images.pixels, labels, images.masks)
        embed_seconds += time.perf_counter() - clock
        drift_seconds = taken.decode_seconds
        copies, drifted = np.empty_like(images.pixels), []
        masks = None if images.masks is None else np.empty_like(images.masks)
        for job in self._jobs:
            clock = time.perf_counter()
            put_drifted(job, used, images.samples, copies, masks)
            drift_seconds += time.perf_counter() - clock
            clock = time.perf_counter()
            drifted.append(self._embedder(copies)[0])
            answers += self._asked(copies, labels, masks)
            embed_seconds += time.perf_counter() - clock
        batch = LevelBatch(
            tasks["shard"][0].as_py(),
            tuple(sample_ids),
            tuple(labels),
            tuple(used["class_name"].to_pylist()),
            embedded,
            tuple(drifted),
            taken.rejected,
            taken.remarks,
            started,
            tuple(answers),
        )
        return Embedded(batch, taken, drift_seconds, embed_seconds)

    def _asked(self, pixels: RGB, labels: list[int], masks: Array | None) -> list[AnyAnswers]:
        """What the user's model says of some images, if there is one."""
        return [] if self._task is None else [self._task(pixels, labels, masks)]


class ViewCopies:
    """What each of some views makes of the images.

    An image is read and mosaicked once and developed by all views. Those of a few images are in
    memory together, and go through the network together.

    Args:
        job: What workers are told.
        views: The views.
        compat: Whether they are as published.
        drifter: Reads the images.
        embedder: The network.
    """

    def __init__(
        self,
        job: ShardJob,
        views: Sequence[View],
        compat: bool,
        drifter: Drifter,
        embedder: LazyEmbedder,
    ) -> None:
        self._settings, self._compat = job.settings, compat
        self._places = {view: place for place, view in enumerate(views)}
        self._drifter, self._embedder = drifter, embedder

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Embeds the views of the images."""
        started, image, views = time.time(), self._settings.image, len(self._places)
        most = min(max(1, _PICTURES_AT_ONCE // views), tasks.num_rows)
        pixels = np.empty((views, most, image.height, image.width, 3), np.uint8)
        found, embed_seconds = [], 0.0

        def embed(count: int) -> None:
            nonlocal embed_seconds
            flat = pixels[:, :count].reshape(-1, *pixels.shape[2:])
            embeddings, seconds = self._embedder(flat)
            found.append(embeddings.reshape(views, count, embeddings.shape[1]))
            embed_seconds += seconds

        def develop(place: int, decoded: Decoded) -> None:
            if place and place % most == 0:
                embed(most)
            _, pictures = developed(decoded, self._places, self._settings, self._compat)
            for view, picture in pictures:
                pixels[self._places[view], place % most] = picture

        taken = self._drifter.take(tasks, develop)
        in_between, count = embed_seconds, len(taken.rows)
        embed(count - most * len(found))
        used = tasks.take(pa.array(taken.rows, pa.int64()))
        batch = ViewBatch(
            tasks["shard"][0].as_py(),
            tuple(used["sample_id"].to_pylist()),
            tuple(used["label"].to_pylist()),
            tuple(used["class_name"].to_pylist()),
            tuple(used["source_path"].to_pylist()),
            tuple(np.concatenate(found, axis=1)),
            taken.rejected,
            taken.remarks,
            started,
        )
        return Embedded(batch, taken, taken.decode_seconds - in_between, embed_seconds)

"""Which copies of a batch's images are embedded: they as they are and drifted, or their views."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from raydrift.camera import View
from raydrift.drift.camera.developed import developed
from raydrift.drift.corruptions import corrupted
from raydrift.engine.data.drifter import Drifter, Taken
from raydrift.engine.data.lazy_embedder import LazyEmbedder
from raydrift.engine.data.lazy_task import LazyTask
from raydrift.engine.data.measured import (
    Corruption,
    Embeddings,
    LevelBatch,
    MeasuredBatch,
    ViewBatch,
)
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


def of_taken(tasks: pa.Table, taken: Taken, started: float) -> dict[str, Any]:
    """The fields of a ``ViewBatch`` but for its embeddings.

    Args:
        tasks: A row a sample (``schemas.TASK``), the unusable ones too.
        taken: What became of the images.
        started: When the work on them began, seconds since 1970.
    """
    used = tasks.take(pa.array(taken.rows, pa.int64()))
    return {
        "batch": tasks["shard"][0].as_py(),
        "sample_ids": tuple(used["sample_id"].to_pylist()),
        "labels": tuple(used["label"].to_pylist()),
        "class_names": tuple(used["class_name"].to_pylist()),
        "paths": tuple(used["source_path"].to_pylist()),
        "rejected": taken.rejected,
        "remarks": taken.remarks,
        "started": started,
    }


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
    memory together, and go through the network together; then those under each corruption. What a
    corruption draws for an image, it draws for all of its views.

    Args:
        job: What workers are told.
        views: The views.
        compat: Whether they are as published.
        corruptions: What is also done to each picture, each by itself.
        drifter: Reads the images.
        embedder: The network.
    """

    def __init__(
        self,
        job: ShardJob,
        views: Sequence[View],
        compat: bool,
        corruptions: Sequence[Corruption],
        drifter: Drifter,
        embedder: LazyEmbedder,
    ) -> None:
        self._settings, self._compat = job.settings, compat
        self._places = {view: place for place, view in enumerate(views)}
        self._corruptions = tuple(corruptions)
        self._drifter, self._embedder = drifter, embedder

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Embeds the views of the images."""
        started, image, views = time.time(), self._settings.image, len(self._places)
        most = min(max(1, _PICTURES_AT_ONCE // views), tasks.num_rows)
        pixels = np.empty((views, most, image.height, image.width, 3), np.uint8)
        found: dict[Corruption | None, list[Embeddings]] = {None: []}
        found |= {corruption: [] for corruption in self._corruptions}
        sample_ids: list[int] = []  # of those in ``pixels``
        embed_seconds = 0.0

        def embed() -> None:
            nonlocal embed_seconds
            count = len(sample_ids)
            for corruption, embedded in found.items():
                shown = self._corrupted(corruption, pixels[:, :count], sample_ids)
                flat = shown.reshape(-1, *pixels.shape[2:])
                embeddings, seconds = self._embedder(flat)
                embedded.append(embeddings.reshape(views, count, embeddings.shape[1]))
                embed_seconds += seconds
            sample_ids.clear()

        def develop(place: int, sample_id: int, decoded: Decoded) -> None:
            if len(sample_ids) == most:
                embed()
            _, pictures = developed(decoded, self._places, self._settings, self._compat)
            for view, picture in pictures:
                pixels[self._places[view], place % most] = picture
            sample_ids.append(sample_id)

        taken = self._drifter.take(tasks, develop)
        drift_seconds, clock = taken.decode_seconds, time.perf_counter()
        embed()
        drift_seconds += time.perf_counter() - clock - embed_seconds
        whole = {
            corruption: tuple(np.concatenate(one, axis=1)) for corruption, one in found.items()
        }
        batch = ViewBatch(
            **of_taken(tasks, taken, started),
            views=whole[None],
            corrupted={corruption: whole[corruption] for corruption in self._corruptions},
        )
        return Embedded(batch, taken, drift_seconds, embed_seconds)

    def _corrupted(
        self, corruption: Corruption | None, pictures: RGB, sample_ids: Sequence[int]
    ) -> RGB:
        """The pictures of all views, uint8 of shape (views, n, height, width, 3), corrupted."""
        if corruption is None:
            return pictures
        seed = self._settings.seed
        views = [corrupted(one, *corruption, seed=seed, sample_ids=sample_ids) for one in pictures]
        return np.stack(views)

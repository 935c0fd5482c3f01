"""What a run tells Prometheus, at the metrics endpoint of a Ray node.

The driver counts, as it sees every shard's ledger row once, whatever was tried twice; workers have
no part in it. Ray brings the values to the node of the process that counts, every few seconds and
once more when that process ends, and puts ``ray_`` before each name.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final, Protocol

import ray
from ray.util.metrics import Counter, Gauge, Histogram

from raydrift.engine.jobs.periodic_call import PeriodicCall
from raydrift.engine.ray_private import count
from raydrift.engine.session import is_client
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import STAGES, LedgerRow

# Seconds that a shard may take: of 256 images a second or two, with a network on a CPU ten.
_SHARD_SECONDS: Final = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0]
_SHOW_EVERY_S: Final = 5.0  # a gauge that is not set again is gone after a few seconds
_LAST_WAIT_S: Final = 10.0


class Telemetry(Protocol):
    """Whoever is told of each shard."""

    def add(self, row: LedgerRow) -> None:
        """A shard was made."""

    def merge(self, row: LedgerRow) -> None:
        """A shard was merged."""


class RunMetrics:
    """Counts what this session does for a run, and shows how far the run is, until it is closed.

    Labels are ``run``, the first digits of its fingerprint, and ``stage``: two runs are two, and a
    thousand shards are no more series than one.

    Args:
        run: The label.
        samples: How many samples the whole run has.
        done: How many samples the shards that were there before have.
    """

    def __init__(self, run: str, samples: int, done: int) -> None:
        self._run = {"run": run}
        self._asked = samples
        self._done = done
        self._images = self._counter("images_written", "Drifted images in committed shards.")
        self._rejected = self._counter(
            "images_rejected", "Images that could not be used.", ("read", "decode")
        )
        self._png_bytes = self._counter("png_bytes", "Of the drifted images.")
        self._shard_bytes = self._counter("shard_bytes", "Of the committed shards' files.")
        self._stages = self._counter("stage_seconds", "Of all workers together.", STAGES)
        self._merged_images = self._counter("merged_images", "Images in the merged zip.")
        self._merged_bytes = self._counter("merged_png_bytes", "Of the images in the merged zip.")
        self._seconds = Histogram(
            "raydrift_shard_seconds", "That a shard took.", _SHARD_SECONDS, ("run",)
        )
        self._samples = Gauge("raydrift_run_samples", "Samples of the whole run.", ("run",))
        self._samples_done = Gauge(
            "raydrift_run_samples_done", "Samples in committed shards so far.", ("run",)
        )
        self._show()
        self._shown = PeriodicCall(self._show, _SHOW_EVERY_S)
        self._shown.start()

    def close(self) -> None:
        """No more is going to come."""
        self._shown.stop()

    def add(self, row: LedgerRow) -> None:
        """Counts a shard that was made."""
        self._done += row.asked
        self._show()
        self._count(self._images, row.written)
        self._count(self._rejected, row.unread, "read")
        self._count(self._rejected, row.rejected - row.unread, "decode")
        self._count(self._png_bytes, row.content_bytes)
        self._count(self._shard_bytes, row.size)
        for stage, seconds in row.stage_seconds.items():
            self._count(self._stages, seconds, stage)
        self._seconds.observe(row.seconds, self._run)

    def merge(self, row: LedgerRow) -> None:
        """Counts a shard that was merged."""
        self._count(self._merged_images, row.written)
        self._count(self._merged_bytes, row.content_bytes)

    def _show(self) -> None:
        self._samples.set(self._asked, self._run)
        self._samples_done.set(self._done, self._run)

    def _counter(self, name: str, what: str, stages: tuple[str, ...] = ()) -> Counter:
        labels = ("run", "stage") if stages else ("run",)
        counter = Counter(f"raydrift_{name}_total", what, labels)
        for stage in stages or (None,):
            self._count(counter, 0, stage)
        return counter

    def _count(self, counter: Counter, value: float, stage: str | None = None) -> None:
        count(counter, value, self._run if stage is None else {**self._run, "stage": stage})


class _Nobody:
    """Is told where there is no Ray."""

    def add(self, row: LedgerRow) -> None: ...
    def merge(self, row: LedgerRow) -> None: ...


class _Counting(RunMetrics):
    """As an actor on the cluster, for a driver that is outside and has no node."""

    def end(self) -> None:
        """Ends the actor; ``ray.kill`` would lose what Ray was not told yet."""
        ray.actor.exit_actor()


class _ActorTelemetry:
    """Tells an actor, and does not wait for it."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def add(self, row: LedgerRow) -> None:
        with _lost():
            self._actor.add.remote(row)

    def merge(self, row: LedgerRow) -> None:
        with _lost():
            self._actor.merge.remote(row)


@contextmanager
def telemetry(record: JobRecord, done: int, counted: bool = True) -> Iterator[Telemetry]:
    """Where a run's shards are told to, as long as this lasts.

    Args:
        record: The run's.
        done: Samples of its shards that are there.
        counted: Whether they are to be told at all.
    """
    facts = (record.short_id, record.samples, done)
    if not counted or not ray.is_initialized():
        yield _Nobody()
        return
    if not is_client():
        with closing(RunMetrics(*facts)) as metrics:
            yield metrics
        return
    actor: Any = None
    with _lost():
        actor = ray.remote(num_cpus=0, max_restarts=-1)(_Counting).remote(*facts)
    try:
        yield _ActorTelemetry(actor) if actor is not None else _Nobody()
    finally:
        with _lost():
            if actor is not None:
                ray.get(actor.end.remote(), timeout=_LAST_WAIT_S)  # which is its death


def _lost() -> suppress:
    """For a cluster that may be gone: whoever works there says so."""
    return suppress(ray.exceptions.RayError, ConnectionError)

"""The training of a generative network, from the look at its folder to the trained model."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

from raydrift.embed.weights import Weights
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.jobs.job_log import ending_told
from raydrift.engine.training.job import GanSettings, TrainingJob
from raydrift.engine.training.pictures import KeptImages
from raydrift.errors import OutputError
from raydrift.log import log_event
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.training_record import (
    COMPLETE,
    TrainingRecord,
    clear_training,
    find_training,
    load_training,
)


@dataclass(frozen=True)
class TrainedModel:
    """What a training left.

    Attributes:
        place: Its ``generator.safetensors``.
        digest: SHA-256 of it.
        status: ``complete``, or ``stopped``: saved before its end.
        notes: Plain sentences on the training.
    """

    place: StoragePath
    digest: str
    status: str
    notes: tuple[str, ...] = ()


Defaults = Callable[..., Mapping[str, Any]]


def finished_training(
    output: StoragePath,
    identity: Mapping[str, Any],
    overwrite: bool = False,
    defaults: Defaults = lambda *_: {},
) -> TrainedModel | None:
    """The model of a training that is complete in its folder: its pictures need not be kept again.

    Args:
        output: The folder.
        identity: All that the networks depend on, as plain values.
        overwrite: Whether another training may be replaced.
        defaults: What settings are that one of two identities lacks, which it is given.

    Returns:
        The model; None: there is none, or not the one that the training left, or a training that
        goes on.

    Raises:
        OutputError: Another training is there and may not be overwritten.
    """
    return _finished(output, find_training(output, dict(identity), overwrite, defaults))


def _finished(output: StoragePath, found: TrainingRecord | None) -> TrainedModel | None:
    """The model of a training that was found, if it is complete and its model is still there."""
    if found is None or found.status != COMPLETE:
        return None
    model = _left(output, found)
    try:
        there = sha256(model.place.read_bytes()).hexdigest() == model.digest
    except FileNotFoundError:
        there = False
    return model if there else None


def _left(output: StoragePath, record: TrainingRecord) -> TrainedModel:
    """What a training left in its folder."""
    place = output / layout.TRAINED / layout.GENERATOR
    return TrainedModel(place, record.digest, record.status, tuple(record.notes))


def train(
    settings: GanSettings,
    domains: Sequence[KeptImages],
    output: StoragePath,
    lock: OutputLock,
    clock: Clock,
    identity: Mapping[str, Any],
    *,
    weights: Weights | None = None,
    notes: Sequence[str] = (),
    threads: int | None = None,
    defaults: Defaults = lambda *_: {},
    quiet: bool = False,
) -> TrainedModel:
    """Trains a generative network, or what is missing of its training.

    The same call on the same folder goes on at the last save. With one worker and one thread the
    result is bit for bit that of a training without a break.

    Where it is told to stop (Ctrl-C, ``kill``), it saves after the step that it is at, and then the
    signal takes effect.

    Args:
        settings: How it is trained.
        domains: The images: source and target, or one set. Those of ``KeptImages.chosen`` alone.
        output: The folder of the run.
        lock: Its lock.
        clock: What the seconds are counted by.
        identity: All that the networks depend on, as plain values.
        weights: Those of the network that measures generated images; None: pixels are measured.
        notes: Plain sentences for the record.
        threads: CPU threads of each process; None: what ``OMP_NUM_THREADS`` says, else one a CPU.
        defaults: As for ``finished_training``.
        quiet: Show no progress.

    Returns:
        The model; its status is ``stopped`` where ``max_hours`` or a collapse ended the training.

    Raises:
        SettingsError: ``train.resume`` is nothing to begin with, or workers cannot share a batch.
        OutputError: Another training is there and may not be overwritten, or it cannot be written.
        LockedError: Another run has taken the folder over.
        ResourcesError: There are too few CPUs or GPUs.
        PipelineError: The training came to nothing, or the memory is too small for it.
    """
    from raydrift.engine.training.workers import run_training  # which imports torch

    plain: dict[str, Any] = json.loads(json.dumps(dict(identity)))
    overwrite = settings.run.write.overwrite
    found = find_training(output, plain, overwrite, defaults)
    finished = _finished(output, found)
    if finished is not None:
        return finished
    if found is None:
        clear_training(output)
    known = plain if found is None else found.identity
    job = TrainingJob(settings, tuple(domains), output, known, weights, threads, tuple(notes))
    tell = partial(log_event, run=job.fingerprint[:12], output=str(output))
    with ending_told(tell, "training", "it is saved"):
        run_training(job, lock, quiet)
    tell(logging.INFO, "end", "the training has ended")
    clock.end_phase("train")
    record = load_training(output)
    if record is None:
        raise OutputError(f"output {output} has lost its training: run the same command again")
    return _left(output, record)

"""Who trains: this process, or several of Ray Train."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import ray
import torch

from raydrift import errors
from raydrift.engine.address import address_of
from raydrift.engine.data.failures import explain_failure
from raydrift.engine.data.shipping import pack
from raydrift.engine.plan import TRAINERS, Demand
from raydrift.engine.session import Resources, connect, free_resources, may_grow
from raydrift.engine.training.hub import Hub, News
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.standing import Watcher
from raydrift.engine.training.stopping import held_signals
from raydrift.engine.training.watching import TrainingView
from raydrift.engine.waiting import plan_when_free
from raydrift.errors import PipelineError
from raydrift.gan.replicas import Replicas
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.gan_training import AUTO, GanTraining
from raydrift.storage.lock import OutputLock
from raydrift.storage.training_record import STOPPED

_LOOK_EVERY_S: Final = 1.0
_BY_TRAIN: Final = "Training failed due to"
_SETTING: Final = "train.workers"


@dataclass(frozen=True)
class TrainingPlace:
    """Where a training is done.

    Attributes:
        workers: How many processes train together.
        gpu: Whether each has a GPU.
        here: Whether this process is the one.
        cpus: The CPUs of each, where it is not.
    """

    workers: int
    gpu: bool
    here: bool
    cpus: int = 1


def run_training(job: TrainingJob, lock: OutputLock, quiet: bool) -> str:
    """Trains where the settings say.

    Args:
        job: The training.
        lock: The lock of its folder.
        quiet: Show no progress.

    Returns:
        ``complete`` or ``stopped``.

    Raises:
        RaydriftError: As ``train``.
    """
    place = training_place(job.run.cluster, job.train, quiet)
    with held_signals() as signal:
        told = TrainingView(
            job.fingerprint[:12], lock.check, lambda: signal.number is not None, quiet
        )
        with told as view:
            if place.here:
                from raydrift.engine.training.here import train_here

                return train_here(job, Replicas(), "cuda" if place.gpu else "cpu", view)
            return _train_there(job, place, view)


def training_place(
    cluster: ClusterSettings, train: GanTraining, quiet: bool = False
) -> TrainingPlace:
    """Where a training is done: in this process if it is one worker on this machine.

    Args:
        cluster: Where Ray is.
        train: How many workers are asked for. ``auto``: one a free GPU, as many as can share a
            batch; without GPUs one.
        quiet: Say nothing while it waits for a cluster.

    Raises:
        ResourcesError: Ray has too few CPUs or GPUs free. Ray Train would wait for ever.
    """
    local = address_of(cluster) == "local" and not (ray.is_initialized() and may_grow(cluster))
    wanted = cluster.embedders != 0  # as elsewhere: 0 leaves GPUs alone
    here = torch.cuda.device_count() if local and wanted else 0
    asked = None if train.workers == AUTO else int(train.workers)
    if asked is not None:
        train.check_shared(asked)
    if local and (asked or _shares(train, here)) == 1:
        return TrainingPlace(1, here > 0, here=True)
    connect(cluster)
    gpus = free_resources().gpus if wanted else 0
    workers = asked or _shares(train, gpus)
    plan_when_free(cluster, partial(_demands, workers, gpus > 0), workers, quiet)
    return TrainingPlace(workers, gpus > 0, False, 1 if gpus else _cpus_each(workers))


def _shares(train: GanTraining, gpus: int) -> int:
    """The most workers that can share a batch and have a GPU each; 1 without GPUs."""
    counts = range(1, gpus + 1)
    return max((one for one in counts if train.can_be_shared(one)), default=1)


def _cpus_each(workers: int) -> int:
    """How many CPUs each worker can have, where nobody else has any: so many threads it has."""
    sizes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    if free_resources().cpus < sum(sizes):
        return 1
    most = range(max(sizes, default=1), 0, -1)
    return next((each for each in most if sum(one // each for one in sizes) >= workers), 1)


def _demands(workers: int, gpu: bool, _: Resources) -> Sequence[Demand]:
    """What the workers need at least."""
    return (Demand(TRAINERS, workers, gpus=1 if gpu else 0, setting=_SETTING, purpose="training"),)


def _train_there(job: TrainingJob, place: TrainingPlace, view: Watcher) -> str:
    """Trains by Ray Train, and shows how far it is."""
    from raydrift.engine.training.ray_train import TrainHost

    if job.threads is None and not place.gpu:
        job = replace(job, threads=place.cpus)
    hub: Any = ray.remote(num_cpus=0)(Hub).remote(ray.put(pack(job)))
    host: Any = ray.remote(num_cpus=0)(TrainHost).remote()
    try:
        wait = job.run.cluster.wait_seconds
        fitted = host.fit.remote(hub, place.workers, place.cpus, place.gpu, wait)
        asked, done = False, False
        while not done:
            done = bool(ray.wait([fitted], timeout=_LOOK_EVERY_S)[0])
            news = _shown(hub, view)
            if not asked and view.is_stop_asked():
                asked = True
                ray.get(hub.stop.remote())
        news = _shown(hub, view, news)
        if news.failure is not None:
            kind, text = news.failure
            raise getattr(errors, kind, PipelineError)(text)
        ray.get(fitted)
        return news.status or STOPPED
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise PipelineError(
            f"{_explained(error)}: the training is kept up to its last save, the same command "
            "goes on"
        ) from error
    finally:
        for actor in (host, hub):
            with suppress(ray.exceptions.RayError, ConnectionError):  # the cluster may be gone
                ray.kill(actor)


def _explained(error: Exception) -> str:
    """Why a training failed: of what Ray Train tells in many lines, the last one."""
    said = [line for line in str(error).splitlines() if line.strip()]
    if said and _BY_TRAIN in str(error):
        return f"the trainers cannot be started: {said[-1].strip()}"
    return explain_failure(error)


def _shown(hub: Any, view: Watcher, before: News | None = None) -> News:
    """Shows what is new."""
    news: News = ray.get(hub.news.remote())
    if news.standing is not None:
        view.tell(news.standing)
    for event in news.events:
        view.event(*event)
    if before is not None and not news.status and news.failure is None:
        return replace(news, status=before.status, failure=before.failure)
    return news

"""Trainings by several workers of Ray Train. They take long to start: a few tests say it all."""

import json
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from raydrift.engine.training.here import work_of
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.loop import TrainingLoop
from raydrift.engine.training.workers import training_place
from raydrift.errors import ResourcesError, SettingsError
from raydrift.gan.model_file import read_model
from raydrift.gan.replicas import Replicas
from raydrift.paths import StoragePath
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.translate import TranslateTraining
from raydrift.storage.training_record import load_training
from tests.engine.training.conftest import Watched, keeping, small_cyclegan, small_images
from tests.gan.processes import on_workers

pytestmark = pytest.mark.usefixtures("ray_session")


@pytest.mark.slow
def test_two_workers_train_what_one_does_and_survive_a_kill(
    tmp_path: Path, small_domains: Any, train_small: Any
) -> None:
    how = {"batch_size": 6, "epochs": 3, "keep": 3}  # 5 steps an epoch
    train_small(tmp_path / "alone", small_domains, **how)
    killer = threading.Thread(target=kill_a_worker, args=(tmp_path / "two",), daemon=True)
    killer.start()

    together = train_small(tmp_path / "two", small_domains, workers=2, **how)

    assert not killer.is_alive()
    record = json.loads((tmp_path / "two" / "model" / "training.json").read_bytes())
    assert (record["workers"], record["status"], together.status) == (2, "complete", "complete")
    first = [
        weights(StoragePath.of(str(tmp_path / one / "model/checkpoints/000001.safetensors")))
        for one in ("alone", "two")
    ]
    torch.testing.assert_close(*first, atol=1e-6, rtol=0)
    (tmp_path / "processes").mkdir()
    undisturbed = on_workers(partial(train_on, tmp_path, how), tmp_path / "processes")
    assert undisturbed[0]["digest"] == together.digest


def weights(place: StoragePath) -> torch.Tensor:
    """The weights of both generators.

    Without biases: instance normalisation takes them away, so their gradients are nothing but last
    digits, which Adam makes whole steps of.
    """
    model = read_model(place)
    networks = [model.generator(name) for name in model.names]
    every = [one for network in networks for one in network.parameters()]
    return torch.cat([one.flatten() for one in every if one.dim() > 1])


def train_on(folder: Path, how: dict[str, Any], replicas: Replicas) -> dict[str, str]:
    """The same training on processes that nobody kills, without Ray."""
    output = StoragePath.of(str(folder / "undisturbed"))
    domains = tuple(small_images(keeping(folder)))
    job = TrainingJob(small_cyclegan(workers=2, **how), domains, output, {"seed": 1})
    TrainingLoop(job, work_of(job, "cpu"), replicas, "cpu", Watched()).run()
    record = load_training(output) if replicas.rank == 0 else None
    return {"digest": record.digest if record is not None else ""}


def kill_a_worker(output: Path) -> None:
    """Kills a process that trains, once the first epoch is saved."""
    while not (output / "samples" / "000001.png").exists():
        time.sleep(0.05)
    (victim, *_) = training_processes()
    os.kill(victim, signal.SIGKILL)


def training_processes() -> list[int]:
    """The workers of Ray Train below this process."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                title = (place / "cmdline").read_bytes()
            except OSError:
                continue
            if title.startswith(b"ray::RayTrainWorker") or b"RayTrainWorker" in title:
                found.append(int(place.name))
    return sorted(found)


def test_more_workers_than_cpus_are_an_error_before_ray_train_waits() -> None:
    train = TranslateTraining(workers=3, batch_size=3)

    with pytest.raises(ResourcesError, match=r"Ray has 2 free: set train.workers = 2"):
        training_place(ClusterSettings(), train)


def test_a_batch_that_workers_cannot_share_is_an_error(
    tmp_path: Path, small_domains: Any, train_small: Any
) -> None:
    with pytest.raises(SettingsError, match="batch_size is 3, which 2 workers cannot share"):
        train_small(tmp_path / "out", small_domains, workers=2, batch_size=3)


def test_alone_on_this_machine_it_is_done_here() -> None:
    place = training_place(ClusterSettings(), TranslateTraining())

    assert (place.workers, place.here) == (1, True)

"""A training by several workers of Ray Train.

Ray Train starts the workers, joins them into a process group and starts all of them anew where one
is lost. All else is ours: workers map the same pictures and draw the same batches from (seed,
step), so no Ray Data is split between them (a split hangs where the workers have all CPUs); the
first one saves to the output, where all read their state when they start. Ray Train is told of no
checkpoint, so none can be lost because a rank had not reported it yet, and none of an earlier run
can be taken up by its name.
"""

import os
import tempfile
from typing import Any, Final
from uuid import uuid4

import ray

from raydrift.engine.data.shipping import unpacked
from raydrift.engine.training.hub import HubWatcher
from raydrift.engine.training.job import TrainingJob
from raydrift.errors import RaydriftError, reason

_ANY_NUMBER: Final = -1  # of lost workers: the hub ends what gets no further
_CONTROLLER_FAILURES: Final = 2  # of the group to start; endless by default
_COLLECTIVE_TIMEOUT_S: Final = 12 * 3600  # others wait while the first one measures
_LEAST_START_S: Final = 120.0

_ENVIRONMENT: Final = {
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # without a dashboard it logs errors
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # relative paths stay what they are
    "RAY_TRAIN_METRICS_ENABLED": "0",  # the driver tells Prometheus
}


class TrainHost:
    """Drives Ray Train from inside the cluster, as an actor.

    So its settings and its noise are not the driver's, it takes none of its signals, and a driver
    behind ``ray://`` can use it.
    """

    def fit(self, hub: Any, workers: int, cpus: int, gpu: bool, wait_seconds: float) -> None:
        """Trains to the end.

        Args:
            hub: The hub of the training.
            workers: How many train together.
            cpus: The CPUs of each.
            gpu: Whether each has a GPU.
            wait_seconds: How long the workers may take to start.
        """
        os.environ.update(_ENVIRONMENT)
        # After 60 s without its CPUs a group would be given up.
        start = str(max(wait_seconds, _LEAST_START_S))
        os.environ["RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S"] = start
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.torch import TorchConfig, TorchTrainer

        with tempfile.TemporaryDirectory(prefix="raydrift-train-") as folder:
            TorchTrainer(
                train_worker,
                train_loop_config={"hub": hub},
                torch_config=TorchConfig(
                    backend="nccl" if gpu else "gloo", timeout_s=_COLLECTIVE_TIMEOUT_S
                ),
                scaling_config=ScalingConfig(
                    num_workers=workers,
                    use_gpu=gpu,
                    resources_per_worker={"CPU": cpus, **({"GPU": 1} if gpu else {})},
                ),
                run_config=RunConfig(
                    name=f"raydrift-{uuid4().hex}",  # a known name would go on where that one was
                    storage_path=folder,  # absolute
                    failure_config=FailureConfig(
                        max_failures=_ANY_NUMBER,
                        controller_failure_limit=_CONTROLLER_FAILURES,  # type: ignore[call-arg]
                    ),
                ),
            ).fit()


def train_worker(config: dict[str, Any]) -> None:
    """What each worker does.

    Args:
        config: ``hub``: the hub of the training.

    Raises:
        Exception: Whatever it was, Ray Train starts all workers anew. After an error of raydrift's,
            of which the hub was told, these end at once.
    """
    import torch
    from ray.train import get_context
    from ray.train.torch import get_device

    from raydrift.engine.training.here import train_here
    from raydrift.gan.replicas import Replicas

    hub, context, device = config["hub"], get_context(), get_device()
    replicas = Replicas(context.get_world_rank(), context.get_world_size())
    if not ray.get(hub.begin.remote(replicas.rank)):
        return
    job: TrainingJob = unpacked(ray.get(hub.job.remote()))
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        status = train_here(job, replicas, str(device), HubWatcher(hub))
    except RaydriftError as error:
        ray.get(hub.fail.remote(type(error).__name__, str(error)))
        raise
    except Exception as error:  # as the loss of another worker
        ray.get(hub.problem.remote(reason(error)))
        raise
    if replicas.rank == 0:
        ray.get(hub.end.remote(status))

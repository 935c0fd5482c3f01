"""Who does what: how many processes, on which resources, with shards of which size."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from raydrift.engine.session import Resources
from raydrift.errors import ResourcesError
from raydrift.settings import ClusterSettings

SHARD_SIZE: Final = 256
"""Samples a shard, unless the run is so small that some workers would have none."""

_SHARDS_A_WORKER: Final = 4
_SMALLEST_SHARD: Final = 16
_SHARD_BYTES: Final = 128 * 2**20


@dataclass(frozen=True)
class Plan:
    """How a run is spread.

    Attributes:
        workers: Processes that decode, drift and encode, one CPU each.
        embedders: Processes that only embed; 0: there is nothing to embed, or every worker embeds
            its own images.
        on_gpu: Whether an embedder takes a GPU, or a CPU.
    """

    workers: int
    embedders: int
    on_gpu: bool

    @property
    def cpus(self) -> int:
        """CPUs that the plan takes."""
        return self.workers + (0 if self.on_gpu else self.embedders)

    @property
    def gpus(self) -> int:
        """GPUs that the plan takes."""
        return self.embedders if self.on_gpu else 0


def make_plan(cluster: ClusterSettings, free: Resources, embed: bool, shards: int) -> Plan:
    """Makes the plan, or says why it can't be.

    Args:
        cluster: What was asked for.
        free: What Ray has free.
        embed: Whether images are embedded.
        shards: How many there are; no worker is started that would have none.

    Raises:
        ResourcesError: Ray has too few CPUs or GPUs free; a pool would wait for them for ever.
    """
    embedders = 0
    if embed:
        embedders = free.gpus if cluster.embedders is None else cluster.embedders
    on_gpu = embedders > 0 and free.gpus > 0
    if on_gpu and embedders > free.gpus:
        raise ResourcesError(
            f"{embedders} embedders need {embedders} GPUs, Ray has {free.gpus} free: "
            f"set cluster.embedders = {free.gpus}, or connect to a larger cluster"
        )
    embedders = min(embedders, shards)
    left = free.cpus - (0 if on_gpu else embedders)
    workers = min(left if cluster.workers is None else cluster.workers, shards)
    plan = Plan(workers, embedders, on_gpu)
    if workers < 1 or plan.cpus > free.cpus:
        wanted = max(workers, 1) + (0 if on_gpu else embedders)
        if left > 0:
            fewer = f"use --workers {left}, "
        elif free.cpus > 0:
            fewer = "set cluster.embedders = 0 (workers embed then), "
        else:
            fewer = "wait until other jobs end, "
        raise ResourcesError(
            f"the run needs {wanted} CPUs, Ray has {max(free.cpus, 0)} free: {fewer}"
            "or connect to a larger cluster"
        )
    return plan


def choose_shard_size(
    asked: int | None, samples: int, workers: int, image_bytes: int = 224 * 224 * 3
) -> int:
    """Samples a shard: as asked, or so that every worker gets a few, of moderate size.

    Args:
        asked: What the settings say.
        samples: Of the whole run.
        workers: That share them.
        image_bytes: Of the pixels of one image.

    >>> choose_shard_size(None, 1_000_000, 16), choose_shard_size(None, 328, 2)
    (256, 41)
    >>> choose_shard_size(None, 1_000_000, 16, image_bytes=2048 * 2048 * 3)
    10
    """
    if asked is not None:
        return asked
    fair = ceil(samples / (max(workers, 1) * _SHARDS_A_WORKER))
    largest = max(1, _SHARD_BYTES // image_bytes)
    return min(SHARD_SIZE, largest, max(_SMALLEST_SHARD, fair))

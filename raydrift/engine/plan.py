"""Who does what: how many processes, on which resources, with shards of which size."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from raydrift.engine.session import Resources
from raydrift.errors import ResourcesError
from raydrift.settings.cluster import ClusterSettings
from raydrift.text import plural

SHARD_SIZE: Final = 256
"""Samples a shard, unless the run is so small that some workers would have none."""

_SHARDS_A_WORKER: Final = 4
_SMALLEST_SHARD: Final = 16
_SHARD_BYTES: Final = 128 * 2**20


@dataclass(frozen=True)
class Plan:
    """How a run is spread.

    Attributes:
        workers: Processes that decode, drift and encode, one CPU each, at the start.
        embedders: Processes that only embed, at the start; 0: there is nothing to embed, or every
            worker embeds its own images.
        on_gpu: Whether an embedder takes a GPU, or a CPU.
        max_workers: How many there may come to be, as CPUs join; None: no more.
        max_embedders: How many there may come to be, as GPUs join; None: no more.
    """

    workers: int
    embedders: int
    on_gpu: bool
    max_workers: int | None = None
    max_embedders: int | None = None

    @property
    def cpus(self) -> int:
        """CPUs that the plan takes at the start."""
        return self.workers + (0 if self.on_gpu else self.embedders)

    @property
    def gpus(self) -> int:
        """GPUs that the plan takes at the start."""
        return self.embedders if self.on_gpu else 0


def make_plan(
    cluster: ClusterSettings, free: Resources, embed: bool, shards: int, grows: bool = False
) -> Plan:
    """Makes the plan, or says why it can't be.

    Args:
        cluster: What was asked for.
        free: What Ray has free.
        embed: Whether images are embedded.
        shards: How many there are; no worker is started that would have none.
        grows: Whether CPUs and GPUs may join later.

    Raises:
        ResourcesError: Ray has too few CPUs or GPUs free; a pool would wait for them for ever.
    """
    least = least_resources(cluster, free, embed, shards)
    if least.gpus > free.gpus:
        key = "min_embedders" if cluster.embedders is None else "embedders"
        raise ResourcesError(
            f"embedding needs {plural(least.gpus, 'GPU')}, Ray has {free.gpus} free: "
            f"set cluster.{key} = {free.gpus}, or connect to a larger cluster"
        )
    embedders = _embedders(cluster, free, embed)
    on_gpu = embedders > 0 and free.gpus > 0
    embedders = min(embedders, shards)
    left = free.cpus - (0 if on_gpu else embedders)
    if least.cpus > free.cpus:
        if left > 0:
            few = (
                f"use --workers {left}" if cluster.workers else f"set cluster.min_workers = {left}"
            )
        elif free.cpus > 0:
            few = "set cluster.embedders = 0 (workers embed then)"
        else:
            few = "wait until other jobs end"
        raise ResourcesError(
            f"the run needs {plural(least.cpus, 'CPU')}, Ray has {max(free.cpus, 0)} free: {few}, "
            "or connect to a larger cluster"
        )
    most = min(cluster.max_workers or shards, shards)
    workers = min(cluster.workers or min(left, most), shards)
    plan = Plan(workers, embedders, on_gpu)
    if not grows:
        return plan
    most_embedders = min(cluster.max_embedders or shards, shards)
    return replace(
        plan,
        max_workers=None if cluster.workers else most,
        max_embedders=most_embedders if on_gpu and cluster.embedders is None else None,
    )


def least_resources(
    cluster: ClusterSettings, free: Resources, embed: bool, shards: int
) -> Resources:
    """What has to be free for the run to begin; the arguments are those of ``make_plan``."""
    workers = min(cluster.workers or cluster.min_workers, shards)
    if not embed:
        return Resources(workers, 0)
    if cluster.embedders is None:
        return Resources(workers, min(cluster.min_embedders, shards))
    if free.gpus:
        return Resources(workers, min(cluster.embedders, shards))
    return Resources(workers + min(cluster.embedders, shards), 0)


def _embedders(cluster: ClusterSettings, free: Resources, embed: bool) -> int:
    if not embed:
        return 0
    if cluster.embedders is not None:
        return cluster.embedders
    return min(free.gpus, cluster.max_embedders or free.gpus)


def choose_shard_size(
    asked: int | None, samples: int, workers: int, image_bytes: int = 224 * 224 * 3
) -> int:
    """Samples a shard: as asked, or so that every worker gets a few, of moderate size.

    Args:
        asked: What the settings say.
        samples: How many samples the whole run has.
        workers: That share them.
        image_bytes: The bytes of the pixels of one image.

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

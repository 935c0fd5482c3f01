"""Who does what: how many processes of each role, on which resources, with shards of which size."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any, Final

from raydrift.engine.session import Resources
from raydrift.errors import ResourcesError
from raydrift.settings.cluster import ClusterSettings
from raydrift.text import plural

WORKERS: Final = "workers"
"""The role of those that decode, drift and encode; where there is no other, also embed."""

EMBEDDERS: Final = "embedders"
"""The role of those that only embed."""

TRAINERS: Final = "trainers"
"""The role of those that train a network each."""

SHARD_SIZE: Final = 256
"""Samples a shard, unless the run is so small that some workers would have none."""

_SHARDS_A_WORKER: Final = 4
_SMALLEST_SHARD: Final = 16
_SHARD_BYTES: Final = 128 * 2**20


@dataclass(frozen=True)
class Demand:
    """What a role needs of a cluster.

    Attributes:
        role: Its name, as ``workers`` or ``trainers``.
        count: How many processes, from the start to the end; None: as many as find room.
        least: Where ``count`` is None, how many have to find room.
        most: Where ``count`` is None, how many there may come to be; None: no limit but the work.
        cpus: The cpus of each process.
        gpus: The gpus of each process.
        setting: What the user sets to have fewer of them, for the message.
        purpose: What the GPUs are for, for the message.
        may_be_none: Whether the job can do without this role.
    """

    role: str
    count: int | None = None
    least: int = 1
    most: int | None = None
    cpus: int = 1
    gpus: int = 0
    setting: str = ""
    purpose: str = ""
    may_be_none: bool = False

    @property
    def needed(self) -> int:
        """How many have to find room."""
        return self.least if self.count is None else self.count

    def at_most(self, shards: int) -> "Demand":
        """The same for so many shards: a process that would have none is not asked for."""
        count = None if self.count is None else min(self.count, shards)
        most = shards if self.most is None else min(self.most, shards)
        return replace(self, count=count, least=min(self.least, shards), most=most)


@dataclass(frozen=True)
class Role:
    """Some processes that do the same work.

    Attributes:
        name: As in ``Demand``.
        processes: How many there are at the start.
        cpus: The cpus of each.
        gpus: The gpus of each.
        most: How many there may come to be, as CPUs and GPUs join; None: no more.
    """

    name: str
    processes: int
    cpus: float = 1
    gpus: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Plan:
    """How a job is spread: the roles and how many processes each has.

    >>> plan = Plan((Role("samplers", 6), Role("trainers", 2, cpus=1, gpus=1)))
    >>> plan.cpus, plan.gpus, plan["trainers"].processes, "embedders" in plan
    (8, 2, 2, False)
    """

    roles: tuple[Role, ...]

    def __getitem__(self, name: str) -> Role:
        """The role of a name."""
        return next(role for role in self.roles if role.name == name)

    def __contains__(self, name: str) -> bool:
        """Whether there is such a role."""
        return any(role.name == name for role in self.roles)

    def has_gpus(self, name: str) -> bool:
        """Whether there is such a role, with GPUs."""
        return name in self and self[name].gpus > 0

    @property
    def cpus(self) -> float:
        """CPUs that the plan takes at the start."""
        return sum(role.processes * role.cpus for role in self.roles)

    @property
    def gpus(self) -> int:
        """GPUs that the plan takes at the start."""
        return sum(role.processes * role.gpus for role in self.roles)

    def written(self) -> dict[str, Any]:
        """The plan as plain values, the way ``run.json`` holds it."""
        return {
            role.name: {key: value for key, value in asdict(role).items() if key != "name"}
            for role in self.roles
        }

    def __str__(self) -> str:
        """``2 workers, 1 embedder``."""
        return ", ".join(plural(role.processes, role.name[:-1]) for role in self.roles)


def make_plan(demands: Sequence[Demand], free: Resources, shards: int, grows: bool = False) -> Plan:
    """Gives every role what it needs, and then, in their order, what is left.

    Args:
        demands: A role each.
        free: What Ray has free.
        shards: How many there are; no process is started that would have none.
        grows: Whether CPUs and GPUs may join later.

    Raises:
        ResourcesError: Ray has too few CPUs or GPUs free; processes would wait for them for ever.
    """
    demands = [demand.at_most(shards) for demand in demands]
    _check_room(demands, free)
    least = least_resources(demands, shards)
    cpus, gpus = free.cpus - least.cpus, free.gpus - least.gpus
    roles = []
    for demand in demands:
        processes, most = demand.needed, None
        if demand.count is None:
            room = [(demand.most or shards) - processes]
            room += [left // each for left, each in _each(demand, cpus, gpus) if each]
            more = max(0, min(room))
            processes += more
            cpus, gpus = cpus - more * demand.cpus, gpus - more * demand.gpus
            most = demand.most if grows else None
        roles.append(Role(demand.role, processes, demand.cpus, demand.gpus, most))
    return Plan(tuple(roles))


def least_resources(demands: Sequence[Demand], shards: int) -> Resources:
    """What has to be free for the job to begin; the arguments are those of ``make_plan``."""
    fewest = [demand.at_most(shards) for demand in demands]
    return Resources(
        sum(demand.needed * demand.cpus for demand in fewest),
        sum(demand.needed * demand.gpus for demand in fewest),
    )


def drift_demands(
    cluster: ClusterSettings, free: Resources, embed: bool, gpu_for: Sequence[str] = ()
) -> tuple[Demand, ...]:
    """What the roles need that drift images and embed them.

    Embedders take a GPU each where there are any, or as many CPUs as were asked for. Else workers
    embed their own images.

    Args:
        cluster: What was asked for.
        free: What Ray has free.
        embed: Whether images are embedded.
        gpu_for: The transforms that need a GPU: where there are any, each worker has one.
    """
    key = "--workers" if cluster.workers else "cluster.min_workers"
    workers = Demand(
        WORKERS,
        cluster.workers,
        cluster.min_workers,
        cluster.max_workers,
        gpus=1 if gpu_for else 0,
        setting=key,
        purpose=", ".join(gpu_for),
    )
    left = free.gpus - workers.gpus * workers.needed
    asked = cluster.embedders
    found = asked is None and (cluster.min_embedders or left > 0)
    if not embed or not (asked or found):
        return (workers,)
    return workers, _embedders(cluster, on_gpu=asked is None or free.gpus > 0)


def measure_demands(
    cluster: ClusterSettings, free: Resources, gpu_for: Sequence[str] = ()
) -> tuple[Demand, ...]:
    """What the one role needs that drifts, embeds and measures: a GPU each where there are any.

    Args:
        cluster: What was asked for.
        free: What Ray has free.
        gpu_for: As for ``drift_demands``.
    """
    if cluster.embedders != 0 and (cluster.min_embedders or free.gpus):
        return (replace(_embedders(cluster, on_gpu=True), purpose=", ".join(gpu_for)),)
    return drift_demands(cluster, free, embed=False, gpu_for=gpu_for)


def generate_demands(cluster: ClusterSettings, free: Resources) -> tuple[Demand, ...]:
    """What the one role needs that makes images with a network: a GPU each where there are any.

    Args:
        cluster: What was asked for; where there are no GPUs, of workers.
        free: What Ray has free.
    """
    if cluster.embedders != 0 and (cluster.min_embedders or free.gpus):
        on_gpu = replace(_embedders(cluster, on_gpu=True), role=WORKERS)
        return (replace(on_gpu, cpus=1, purpose="the generator"),)
    return drift_demands(cluster, free, embed=False)


def train_demands(cluster: ClusterSettings, free: Resources) -> tuple[Demand, ...]:
    """What the one role needs that trains: a GPU each where there are any, as embedders.

    Args:
        cluster: What was asked for; where there are no GPUs, of workers.
        free: What Ray has free.
    """
    if cluster.embedders != 0 and (cluster.min_embedders or free.gpus):
        return (replace(_embedders(cluster, on_gpu=True), role=TRAINERS, purpose="training"),)
    return tuple(replace(one, role=TRAINERS) for one in drift_demands(cluster, free, embed=False))


def _embedders(cluster: ClusterSettings, on_gpu: bool) -> Demand:
    auto = cluster.embedders is None
    return Demand(
        EMBEDDERS,
        cluster.embedders,
        max(cluster.min_embedders, 1),
        cluster.max_embedders,
        cpus=0 if on_gpu else 1,
        gpus=1 if on_gpu else 0,
        setting="cluster.min_embedders" if auto else "cluster.embedders",
        may_be_none=True,
    )


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


def _each(demand: Demand, cpus: int, gpus: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """What is left of CPUs and GPUs, and what a process takes of them."""
    return (cpus, demand.cpus), (gpus, demand.gpus)


def _check_room(demands: Sequence[Demand], free: Resources) -> None:
    """Refuses what Ray has no room for; the message names a setting and what fits."""
    gpus, others = max(free.gpus, 0), ""
    for demand in demands:
        if demand.gpus * demand.needed > gpus:
            fits = gpus // demand.gpus
            fewer = f"{_set(demand, fits)}, or " if fits or demand.may_be_none else ""
            purpose = f" for {demand.purpose}" if demand.purpose else ""
            raise ResourcesError(
                f"{demand.role} need {plural(demand.gpus * demand.needed, 'GPU')}{purpose}, Ray "
                f"has {gpus} free{others}: {fewer}connect to a larger cluster"
            )
        if demand.gpus:
            gpus -= demand.gpus * demand.needed
            others = f" beside those of the {demand.role}"
    needed = sum(demand.cpus * demand.needed for demand in demands)
    if needed > free.cpus:
        raise ResourcesError(
            f"the run needs {plural(needed, 'CPU')}, Ray has {max(free.cpus, 0)} free: "
            f"{_with_fewer_cpus(demands, free.cpus)}, or connect to a larger cluster"
        )


def _with_fewer_cpus(demands: Sequence[Demand], cpus: int) -> str:
    """What to set to do with so many CPUs."""
    first, *others = (demand for demand in demands if demand.cpus)
    left = (cpus - sum(demand.cpus * demand.needed for demand in others)) // first.cpus
    if left > 0:
        return _set(first, left)
    if cpus > 0 and others and others[0].may_be_none:
        return f"{_set(others[0], 0)} (workers embed then)"
    return "wait until other jobs end"


def _set(demand: Demand, count: int) -> str:
    """How to ask for so many processes of a role."""
    flag = demand.setting.startswith("--")
    return f"use {demand.setting} {count}" if flag else f"set {demand.setting} = {count}"

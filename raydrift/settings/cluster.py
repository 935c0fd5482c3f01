"""Where the work is done."""

from dataclasses import dataclass
from math import isfinite

from raydrift.checked import at_least, check_types, require


@dataclass(frozen=True)
class ClusterSettings:
    """Where the work is done.

    Attributes:
        address: None starts Ray on this machine (or uses the one that this process, or the
            environment's ``RAY_ADDRESS``, is connected to); ``auto``, ``HOST:PORT`` and
            ``ray://HOST:PORT`` connect to a cluster.
        workers: Processes that decode, drift and encode, one CPU each, as many from the start to
            the end. None, written ``auto``: one a free CPU, on a cluster also one a CPU that joins
            while the run is at work.
        min_workers: With ``auto``, how many there have to be for the run to begin.
        max_workers: With ``auto``, how many there may come to be; None: one a shard.
        embedders: Processes that only embed. None, written ``auto``: one a free GPU, on a cluster
            also one a GPU that joins, and where the run begins without GPUs every worker embeds its
            own images to the end. A number without GPUs takes a CPU each.
        min_embedders: With ``auto``, how many GPUs there have to be for the run to begin; so it
            does not begin without one.
        max_embedders: With ``auto``, how many there may come to be; None: one a shard.
        wait_seconds: How long a run waits on a cluster for the CPUs and GPUs that it cannot begin
            without; an autoscaler is asked for them. 0: it does not. On this machine alone, where
            none can join, no run waits.
        verbose: Whether Ray's own progress and log lines are shown.
    """

    address: str | None = None
    workers: int | None = None
    min_workers: int = 1
    max_workers: int | None = None
    embedders: int | None = None
    min_embedders: int = 0
    max_embedders: int | None = None
    wait_seconds: float = 600.0
    verbose: bool = False

    def __post_init__(self) -> None:
        check_types(self, "cluster.")
        at_least(1, "cluster.workers", self.workers)
        at_least(1, "cluster.min_workers", self.min_workers)
        at_least(self.min_workers, "cluster.max_workers", self.max_workers)
        at_least(0, "cluster.embedders", self.embedders)
        at_least(0, "cluster.min_embedders", self.min_embedders)
        ok = self.embedders is None or self.min_embedders == 0
        auto = 'it is for embedders = "auto": leave one out'
        require(ok, "cluster.min_embedders", self.min_embedders, auto)
        at_least(max(self.min_embedders, 1), "cluster.max_embedders", self.max_embedders)
        ok = self.wait_seconds >= 0 and isfinite(self.wait_seconds)
        require(ok, "cluster.wait_seconds", self.wait_seconds, "give 0 or more seconds")

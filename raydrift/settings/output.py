"""What is written, and what happens with images that cannot be used."""

from dataclasses import dataclass

from raydrift.checked import check_types, choose, require


@dataclass(frozen=True)
class OutputSettings:
    """What is written, and what is done with what is there.

    Attributes:
        organize_by_class: Class folders inside the zip, instead of a flat one.
        shard_size: Samples a shard, the unit of work and of resume; None: 256, fewer for small
            sets, so that every worker has some.
        keep_shards: Whether ``_shards/`` stays after they are merged.
        finalize: Whether the shards are merged at the end of the run.
        overwrite: Whether another run's output is replaced.
    """

    organize_by_class: bool = False
    shard_size: int | None = None
    keep_shards: bool = False
    finalize: bool = True
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_types(self, "write.")
        size = self.shard_size
        ok = size is None or 1 <= size <= 65_536
        require(ok, "write.shard_size", size, "give 1 to 65536 samples")


@dataclass(frozen=True)
class FaultSettings:
    """What happens with images that cannot be used.

    Attributes:
        on_error: ``skip`` writes them to ``rejected.parquet``; ``fail`` stops at the first.
        max_rejected: The fraction of rejected images, 0 to 1, over which a run fails at its end.
    """

    on_error: str = "skip"
    max_rejected: float = 0.1

    def __post_init__(self) -> None:
        check_types(self, "faults.")
        choose("faults.on_error", self.on_error, ("skip", "fail"))
        ok = 0 <= self.max_rejected <= 1
        require(ok, "faults.max_rejected", self.max_rejected, "give a fraction from 0 to 1")

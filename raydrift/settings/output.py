"""What is written, and what happens with images that cannot be used."""

from dataclasses import dataclass
from typing import Final

from raydrift.checked import at_least, check_types, choose, require

CONTAINERS: Final = ("zip", "zips", "webdataset", "tables")
"""What the images of a finished run are in: one zip, several, tar files, or nothing."""


@dataclass(frozen=True)
class OutputSettings:
    """What is written, and what is done with what is there.

    Attributes:
        container: What the images are in: ``zip``, one file; ``zips``, several; ``webdataset``, tar
            files that training code can stream; ``tables``, nothing, the tables alone are written.
        container_bytes: The most that one file of ``zips`` or ``webdataset`` has, unless a single
            shard has more; None: 4 GiB for zips, 1 GiB for tar files. The others have no use of it.
        organize_by_class: Class folders inside the container, instead of a flat one.
        shard_size: Samples a shard, the unit of work and of resume; None: 256, fewer for small
            sets, so that every worker has some.
        keep_shards: Whether ``_shards/`` stays after they are merged.
        finalize: Whether the shards are merged at the end of the run.
        overwrite: Whether another run's output is replaced.
    """

    container: str = "zip"
    container_bytes: int | None = None
    organize_by_class: bool = False
    shard_size: int | None = None
    keep_shards: bool = False
    finalize: bool = True
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_types(self, "write.")
        choose("write.container", self.container, CONTAINERS)
        at_least(1, "write.container_bytes", self.container_bytes)
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

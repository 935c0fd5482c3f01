"""Which samples a run has, and the tasks of its shards."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.errors import SettingsError
from raydrift.settings import GenerateSettings


def count_samples(settings: GenerateSettings, available: int) -> int:
    """How many samples the run has.

    Raises:
        SettingsError: (a ``ValueError``) More are asked for than remain.
    """
    remain = available - settings.start
    asked = remain if settings.num_samples is None else settings.num_samples
    if remain < 1:
        raise SettingsError(f"none of {available} samples remain: start again with reset()")
    if asked > remain:
        of = f" of {available}" if settings.start else ""
        raise SettingsError(f"{asked} samples asked for, {remain}{of} remain")
    return asked


@dataclass(frozen=True)
class ShardTasks:
    """The tasks of some shards; each is made when it is asked for, however many there are.

    Attributes:
        settings: Of the run.
        catalog: Its input.
        samples: Of the whole run.
        size: Samples a shard; the last one has what is left.
        shards: The numbers of the shards.
    """

    settings: GenerateSettings
    catalog: Catalog
    samples: int
    size: int
    shards: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.shards)

    def __iter__(self) -> Iterator[pa.Table]:
        """The shards' tables (``schemas.TASK``)."""
        settings = self.settings
        order = self.catalog.order(settings.seed, settings.shuffle)
        for shard in self.shards.tolist():
            yield self.catalog.samples(
                order,
                settings.start + shard * self.size,
                self.asked(shard),
                shard=shard,
                first_timestamp=settings.first_timestamp,
                delta_timestamp=settings.delta_timestamp,
            )

    def asked(self, shard: int) -> int:
        """How many samples a shard has."""
        return min(self.size, self.samples - shard * self.size)

"""Which samples a run has, and the tasks of its shards."""

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


def shard_tables(
    settings: GenerateSettings, catalog: Catalog, samples: int, size: int, shards: list[int]
) -> list[pa.Table]:
    """The tasks of some shards, a table each (``schemas.TASK``)."""
    order = catalog.order(settings.seed, settings.shuffle)
    return [
        catalog.samples(
            order,
            settings.start + shard * size,
            min(size, samples - shard * size),
            shard=shard,
            first_timestamp=settings.first_timestamp,
            delta_timestamp=settings.delta_timestamp,
        )
        for shard in shards
    ]

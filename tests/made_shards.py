"""The shards of a run, made one after another in this process by the workers' own functions."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.catalog import load_catalog
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_work import ShardJob, ShardPart, commit_shard, drift_shard
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.identity import run_identity
from raydrift.paths import StoragePath
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import as_dict
from raydrift.storage import layout
from raydrift.storage.record import JobRecord


def make_shards(
    settings: GenerateSettings, size: int = 16, commit_order: Iterable[int] | None = None
) -> StoragePath:
    """Commits the shards of a whole run one after another, and its run.json."""
    catalog, output = load_catalog(settings.input), StoragePath.of(settings.output)
    record = JobRecord(
        run_identity(settings, len(catalog), catalog.digest(), None),
        as_dict(settings),
        shard_size=size,
        samples=len(catalog),
        classes=dict(catalog.labels),
    )
    (output / layout.SHARDS).create()
    record.save(output)
    job = ShardJob(settings, catalog.root, output, record.fingerprint, record.versions)
    reader = Reader(catalog.root, settings.image.max_bytes)
    shards = range(record.shards) if commit_order is None else commit_order
    for tasks in ShardTasks(settings, catalog, len(catalog), size, np.array(shards)):
        ((table, _),) = drift_shard(job, tasks, False, reader)
        embeddings = embeddings_of(table) if settings.embedding.compute else None
        commit_shard(job, tasks["shard"][0].as_py(), [ShardPart(table, embeddings)])
    return output


def shard_place(output: StoragePath, shard: int, suffix: str = "parquet") -> StoragePath:
    """The one file of a shard of which there was one attempt: parquet, or its entry, json."""
    folder = output / layout.SHARDS
    (name,) = (name for name in folder.names() if re.match(rf"part-{shard:08d}-.*{suffix}", name))
    return folder / name


def shard_file(output: Path, shard: int, suffix: str = "parquet") -> Path:
    """The same in a folder of this machine."""
    return Path(shard_place(StoragePath.of(output), shard, suffix).path)


def embeddings_of(table: pa.Table) -> npt.NDArray[np.float64]:
    """Numbers that depend on the sample alone, in the place of a network's."""
    ids = table["sample_id"].to_pylist()
    return np.stack([np.random.default_rng(one).normal(size=512) for one in ids])


def with_maps(table: pa.Table) -> pa.Table:
    """A table whose parameters are maps of numbers, as an earlier version wrote them."""
    step = pa.struct(
        [
            ("type", pa.string()),
            ("level", pa.float64()),
            ("kernel", pa.string()),
            ("parameters", pa.map_(pa.string(), pa.float64())),
        ]
    )
    chains = [
        [one | {"parameters": list(json.loads(one["parameters"]).items())} for one in chain]
        for chain in table["transforms"].to_pylist()
    ]
    place = table.schema.get_field_index("transforms")
    maps = pa.array(chains, pa.list_(step))
    return table.set_column(place, "transforms", maps)

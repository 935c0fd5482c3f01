"""How a run begins, or goes on: what it has in common with the one that it finds in its folder."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from raydrift.catalog import Catalog
from raydrift.catalog.value_range import with_value_range
from raydrift.engine.plan import choose_shard_size
from raydrift.engine.session import connect, free_resources, may_grow
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.ranges import Range
from raydrift.storage.record import JobRecord, load_record
from raydrift.storage.unread import is_any_readable_now

_COMING: Final = 64
"""Workers that a cluster without a node yet is taken to come to."""

_MOSAIC_BYTES: Final = 2
"""Of a pixel of a raw file."""


def with_ranges(
    settings: GenerateSettings, catalog: Catalog, output: StoragePath, listed: str
) -> tuple[GenerateSettings, list[str], dict[str, list[float]]]:
    """The settings with the value ranges of the input, where none are given.

    Args:
        settings: The run's settings.
        catalog: The input.
        output: The run's folder; a run that is there has found them already.
        listed: The digest of the input.

    Returns:
        The settings, notes for ``run.json``, and the ranges that were not given.
    """
    found = partial(_ranges_found, output, listed, settings)
    ranged, notes = with_value_range(settings, catalog, found)
    found_here = _not_given(ranged.image.value_range, settings.image.value_range)
    return ranged, list(notes), found_here


def _ranges_found(
    output: StoragePath, listed: str, settings: GenerateSettings
) -> Mapping[str, Range] | None:
    """The value ranges that the run in a folder found; None if none of this input is there."""
    if settings.write.overwrite:
        return None
    try:
        found = load_record(output)
    except (OutputError, OSError):  # which is said where it matters
        return None
    if found is None or found.identity.get("input") != listed:
        return None
    return {kind: (low, high) for kind, (low, high) in found.ranges_found.items()}


def _not_given(ranges: object, given: object) -> dict[str, list[float]]:
    """Those of the ranges that were not given."""
    if not isinstance(ranges, Mapping):
        return {}
    known = given if isinstance(given, Mapping) else {}
    return {kind: list(ends) for kind, ends in ranges.items() if kind not in known}


def gains(
    found: JobRecord, settings: GenerateSettings, output: StoragePath, source: StoragePath
) -> bool:
    """Whether a finished run that may be overwritten would have more images if it began again."""
    if found.status != "complete" or not settings.write.overwrite:
        return False
    return bool(found.counts.get("unread")) and is_any_readable_now(
        output, source, settings.image.most_read
    )


def shard_size(settings: GenerateSettings, samples: int, pictures: int = 1) -> int:
    """Samples a shard of a new run; fewer for a small one, so that every worker has some.

    Args:
        settings: The run's settings.
        samples: How many it has.
        pictures: How many are made of each.
    """
    asked = settings.write.shard_size
    if asked is not None:
        return asked
    cluster = settings.cluster
    workers = cluster.workers
    if workers is None:
        connect(cluster)
        free = max(free_resources().cpus or _COMING, cluster.min_workers)
        most = cluster.max_workers or free
        workers = most if may_grow(cluster) else min(free, most)  # all that may come have shards
    return choose_shard_size(None, samples, workers, _bytes_of_sample(settings, pictures))


def _bytes_of_sample(settings: GenerateSettings, pictures: int) -> int:
    """What of a sample a worker keeps, in memory or in a file: its pictures, or its tile."""
    raw = settings.raw
    tile = 0 if raw is None or not raw.is_tiled else _MOSAIC_BYTES * raw.tile**2
    return max(pictures * settings.image.bytes, tile)

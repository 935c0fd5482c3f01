"""Who made the shards of a run that kept them."""

import json
from pathlib import Path

from raydrift.storage import layout


def workers(output: Path) -> list[str]:
    """Host and process id of each shard's worker, in order of the shards."""
    entries = sorted((output / layout.SHARDS).glob("part-*.json"))
    return [json.loads(entry.read_bytes())["worker"] for entry in entries]


def hosts(output: Path) -> set[str]:
    """The machines that made the shards."""
    return {worker.rpartition(":")[0] for worker in workers(output)}

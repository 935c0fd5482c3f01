"""The model of a run's requests, held against real ones."""

from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

from raydrift.bench.requests import PAGE, parts_of, requests_of
from raydrift.engine.generate import generate
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.finalize import finalize
from raydrift.storage.zip_layout import members_size
from tests.s3.servers import Proxy, Server
from tests.s3.test_merge import EACH, MB, SHARDS, SIZE, commit_shards
from tests.s3.test_runs import settings_for
from tests.s3.test_storage_path import options

pytestmark = pytest.mark.parametrize("server", ["moto"], indirect=True)

READS = ("GET", "HEAD")


def kinds(proxy: Proxy) -> Counter[str]:
    """What was asked for, by what it was asked of; what does not grow with a run is left out."""
    found: Counter[str] = Counter()
    for one in proxy.requests:
        path = unquote(one.path)
        if "list-type=2" in path and ("prefix=in/" in path or "_shards" in path):
            found["list"] += f"max-keys={PAGE}" in path
        elif "/in/" in path:
            found[f"image {one.method}"] += 1
        elif "_shards/part-" in path:
            found[f"shard {one.method}"] += 1
        elif layout.ZIP in path and one.method in ("PUT", "POST"):
            found["zip"] += 1
        elif path.endswith("?delete"):
            found["delete"] += 1
    return found


@pytest.mark.usefixtures("ray_session")
def test_a_whole_run_asks_what_the_model_says(
    server: Server, bucket: str, scenes: Path, proxy: Proxy
) -> None:
    samples, size, classes = len(server.put_folder(scenes, bucket, "in/")), 16, 6
    source = f"s3://{bucket}/in"
    written = {"write": {"shard_size": size}}
    generate(settings_for(source, f"s3://{bucket}/out", proxy.server, **written), quiet=True)
    found = kinds(proxy)
    shards = 5
    assert found == {
        "image HEAD": samples,
        "image GET": samples,
        "shard PUT": 2 * shards,
        "shard HEAD": shards,
        "shard GET": shards,
        "list": (1 + classes) + 1 + 2,
        "delete": 1,
        "zip": 1,
    }
    model = requests_of(samples, shards, parts=1, prefixes=classes)
    assert model.reads == sum(count for name, count in found.items() if name.endswith(READS))
    assert model.reads + model.writes == sum(found.values())
    assert len(proxy.requests) - sum(found.values()) < 100, "beside these, of any run"


def test_parts_are_the_ranges_and_the_directory(bucket: str, proxy: Proxy) -> None:
    output = StoragePath.of(f"s3://{bucket}/out", options(proxy.server))
    commit_shards(output)
    proxy.forget()
    finalize(output, part_bytes=5 * MB)
    found = kinds(proxy)
    member = members_size(EACH, 12 * EACH, SIZE * EACH)
    parts = parts_of(SHARDS * member, member, 5 * MB)
    assert (parts, found["zip"]) == (3, 3 + 1 + 2)
    model, before = requests_of(0, SHARDS, parts + 1, prefixes=0), 2 + 2 * SHARDS + 1
    assert model.reads == found["shard GET"] + found["shard HEAD"]
    assert model.writes - before == found["zip"] + found["list"] + found["delete"]

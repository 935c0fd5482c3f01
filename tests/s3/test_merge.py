"""The zip as one upload whose parts come from many writers."""

import os
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pytest

from raydrift import schemas
from raydrift.engine.cluster_map import over_cluster
from raydrift.engine.identity import run_identity
from raydrift.errors import ShardError
from raydrift.paths import FilePart, StoragePath
from raydrift.settings.toml import as_dict, generate_settings
from raydrift.storage import layout
from raydrift.storage.accepted import accept
from raydrift.storage.damage import find_damage
from raydrift.storage.finalize import finalize
from raydrift.storage.finishers.finisher import Finisher
from raydrift.storage.finishers.webdataset import WebDataset
from raydrift.storage.finishers.zips import SeveralZips
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow, commit, write_samples
from raydrift.storage.tar_members import samples_size
from tests.s3.servers import Proxy, Server
from tests.s3.test_storage_path import options

MB = 2**20
SHARDS, EACH, SIZE = 9, 4, 640_000
ATTEMPT = "0123abcd"
ON_MOTO = pytest.mark.parametrize("server", ["moto"], indirect=True)


def commit_shards(output: StoragePath) -> None:
    """A run of nine shards with four incompressible members each: 23 MB."""
    settings = generate_settings({"input": "in", "output": "out", "transforms": ["hue:0.5"]})
    identity = run_identity(settings, SHARDS * EACH, "", None)
    record = JobRecord(
        identity, as_dict(settings), shard_size=EACH, samples=SHARDS * EACH, classes={"boat": 0}
    )
    (output / layout.SHARDS).create()
    record.save(output)
    ledger = list[LedgerRow]()
    random = np.random.default_rng(0)
    for shard in range(SHARDS):
        ids = range(shard * EACH, (shard + 1) * EACH)
        names = [layout.member_name(number, None) for number in ids]
        rows = [
            {
                "sample_id": number,
                "timestamp": 0.0,
                "label": 0,
                "class_name": "boat",
                "source_path": "boat/a.jpg",
                "file_name": name,
                "image": {"bytes": random.bytes(SIZE), "path": name},
                "transforms": [],
                "drifted": True,
                "level": 0.5,
                "reason": "",
            }
            for number, name in zip(ids, names, strict=True)
        ]
        table = pa.Table.from_pylist(rows, schema=schemas.shard(embeddings=False))
        sizes = (
            EACH * SIZE,
            sum(map(len, names)),
            *write_samples(output, shard, ATTEMPT, table.schema, [table]),
        )
        told = {"attempt": ATTEMPT, "tar_size": samples_size(table)}
        ledger.append(LedgerRow(shard, record.fingerprint, EACH, EACH, 0, 0, *sizes, **told))
        commit(output, ledger[-1], [])
    accept(output, record, ledger)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run merged on this machine's disk."""
    folder = tmp_path_factory.mktemp("local")
    commit_shards(StoragePath.of(folder))
    finalize(StoragePath.of(folder))
    return folder


def backwards(work: Callable[[Any], Any], items: Iterable[Any], _: int) -> Generator[Any]:
    """The last part is sent first."""
    done = [work(item) for item in reversed(list(items))]
    yield from reversed(done)


def test_parts_from_many_writers_are_the_zip_of_one(
    server: Server, bucket: str, local: Path
) -> None:
    output = StoragePath.of(f"s3://{bucket}/out", options(server))
    commit_shards(output)
    record = finalize(output, parallel_map=backwards, part_bytes=5 * MB)
    whole = (output / layout.ZIP).read_bytes()
    assert whole == (local / layout.ZIP).read_bytes()
    assert record.files[layout.ZIP] == {"size": len(whole), "crc32": f"{crc32(whole):08x}"}
    assert server.unfinished_uploads(bucket) == []
    assert find_damage(output, record, output.names()) == []
    (output / layout.ZIP).write_bytes(whole[:-MB] + bytes(MB))
    (damage,) = find_damage(output, record, output.names())
    assert damage == f"{layout.ZIP} does not end as a zip does"


@pytest.mark.parametrize("finisher", [SeveralZips(12 * MB), WebDataset(12 * MB)])
def test_several_files_are_uploads_of_their_own(
    server: Server, bucket: str, finisher: Finisher, tmp_path: Path
) -> None:
    output, local = StoragePath.of(f"s3://{bucket}/out", options(server)), StoragePath.of(tmp_path)
    for place in (output, local):
        commit_shards(place)
    record = finalize(output, finisher=finisher, parallel_map=backwards, part_bytes=5 * MB)
    assert record.files == finalize(local, finisher=finisher).files
    names = [name for name in record.files if not name.endswith(".parquet")]
    assert len(names) == 3
    for name in names:
        assert (output / name).read_bytes() == (local / name).read_bytes(), name
    assert server.unfinished_uploads(bucket) == []
    no_pngs = "has lost the content of its member"  # as these are
    assert all(no_pngs in damage for damage in find_damage(output, record, output.names()))


@ON_MOTO
@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("finisher", [SeveralZips(9 * MB), WebDataset(9 * MB)])
def test_tasks_of_a_cluster_write_several_files(
    server: Server, bucket: str, finisher: Finisher, tmp_path: Path
) -> None:
    """The last one is a single part, which goes through this process if it is a zip's."""
    output, local = StoragePath.of(f"s3://{bucket}/out", options(server)), StoragePath.of(tmp_path)
    for place in (output, local):
        commit_shards(place)
    parallel_map = partial(over_cluster, cpus=2)
    record = finalize(output, finisher=finisher, parallel_map=parallel_map, part_bytes=5 * MB)
    assert record.files == finalize(local, finisher=finisher, parallel_map=parallel_map).files
    for name in record.files:
        assert (output / name).read_bytes() == (local / name).read_bytes(), name


@ON_MOTO
def test_uploads_of_a_merge_that_was_killed_are_aborted(server: Server, bucket: str) -> None:
    output = StoragePath.of(f"s3://{bucket}/out", options(server))
    commit_shards(output)
    with server.client() as client:
        for key in ("out/sampled_images-000007.tar", "out/mine.tar"):
            client.create_multipart_upload(Bucket=bucket, Key=key)
    finalize(output)
    assert server.unfinished_uploads(bucket) == ["out/mine.tar"]


@ON_MOTO
@pytest.mark.usefixtures("ray_session")
def test_tasks_of_a_cluster_send_the_parts(server: Server, bucket: str, local: Path) -> None:
    """Each has a client of its own, from what the writer carries with it."""
    output = StoragePath.of(f"s3://{bucket}/out", options(server))
    commit_shards(output)
    record = finalize(output, parallel_map=partial(over_cluster, cpus=2), part_bytes=5 * MB)
    assert (output / layout.ZIP).read_bytes() == (local / layout.ZIP).read_bytes()
    assert record.files[layout.ZIP]["size"] == (local / layout.ZIP).stat().st_size
    assert server.unfinished_uploads(bucket) == []


@ON_MOTO
def test_ranges_are_the_parts_and_failing_ones_are_sent_again(
    proxy: Proxy, bucket: str, local: Path
) -> None:
    output = StoragePath.of(f"s3://{bucket}/out", options(proxy.server))
    commit_shards(output)
    proxy.forget()
    faults = [
        proxy.fail(lambda method, path: method == "PUT" and "partNumber=2" in path, "503", 3),
        proxy.fail(lambda method, path: method == "PUT" and "partNumber=3" in path, "reset", 2),
        proxy.fail(lambda method, path: method == "POST" and "uploads" in path, "503", 2),
    ]
    finalize(output, part_bytes=5 * MB)
    assert [fault.injected for fault in faults] == [3, 2, 2]
    sent = {
        one.path.partition("partNumber=")[2][:1] for one in proxy.requests if "part" in one.path
    }
    assert {"1", "2", "3", "4"} <= sent, "three parts and the directory"
    assert (output / layout.ZIP).read_bytes() == (local / layout.ZIP).read_bytes()


@ON_MOTO
def test_a_merge_that_fails_leaves_no_part(server: Server, bucket: str) -> None:
    output = StoragePath.of(f"s3://{bucket}/out", options(server))
    commit_shards(output)
    (output / layout.ZIP).write_bytes(b"old")
    shard = output / layout.SHARDS / layout.shard_name(7, ATTEMPT)
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    with pytest.raises(ShardError, match="part-00000007"):
        finalize(output, part_bytes=5 * MB)
    assert (output / layout.ZIP).read_bytes() == b"old"
    assert server.unfinished_uploads(bucket) == []


def test_a_store_that_wants_equal_parts_gets_them(
    server: Server, bucket: str, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = StoragePath.of(f"s3://{bucket}/out", options(server))
    commit_shards(output)
    monkeypatch.setattr(type(output.s3), "takes_uneven_parts", False)
    with (output / "x").writing_parts(100, 2) as file:
        assert not file.anywhere
        file.take(file.writer.put(FilePart(0, 0), [b"x" * 100]))
    finalize(output, part_bytes=5 * MB)
    assert (output / layout.ZIP).read_bytes() == (local / layout.ZIP).read_bytes()


@pytest.mark.parametrize(
    ("endpoint", "uneven"),
    [
        (None, True),
        ("https://minio.example.com", True),
        ("https://0123abcd.r2.cloudflarestorage.com", False),
        ("https://0123abcd.eu.r2.cloudflarestorage.com/", False),
    ],
)
def test_cloudflare_wants_equal_parts(
    endpoint: str | None, uneven: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    given = {"key": "a", "secret": "b", "region": "auto"}
    given |= {"endpoint_url": endpoint} if endpoint else {}
    store = StoragePath.of("s3://bucket/out", given).s3
    assert store is not None
    assert store.takes_uneven_parts == uneven

"""Whole runs from a bucket into a bucket, with servers that fail now and then."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift import ImageDatasetGenerator
from raydrift.catalog import load_catalog
from raydrift.engine.generate import generate
from raydrift.errors import CatalogError, LockedError, OutputError, PipelineError
from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings
from raydrift.storage.lock import OutputLock
from tests.made_shards import shard_place
from tests.s3.credentials import only, strict_store
from tests.s3.servers import Proxy, Server
from tests.s3.test_storage_path import options

BIN = Path(sys.executable).parent
RUN = {
    "transforms": ["rotate:0.3", "gaussian_noise:0.2"],
    "image": {"height": 64, "width": 64},
    "write": {"shard_size": 16, "organize_by_class": True},
}
ON_MOTO = pytest.mark.parametrize("server", ["moto"], indirect=True)  # one of them is enough
TABLES = ["input_mapping", "provenance", "rejected", "target"]
FILES = ["run.json", "sampled_images.zip", *(f"{name}.parquet" for name in TABLES)]


def settings_for(source: str, output: str, server: Server | None = None, **values: Any) -> Any:
    plain = {**RUN, "input": source, "output": output, **values}
    if server is not None:
        plain["storage_options"] = options(server)
    return generate_settings(plain)


def contents(output: StoragePath) -> dict[str, Any]:
    """What a run wrote, whenever and wherever it did: the zip's digest and the tables."""
    found: dict[str, Any] = {
        name: pq.read_table(pa.BufferReader((output / f"{name}.parquet").read_bytes()))
        for name in TABLES
    }
    return found | {"zip": sha256((output / "sampled_images.zip").read_bytes()).hexdigest()}


@pytest.fixture(scope="session")
def local(
    scenes: Path,
    ray_session: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """The same run on this machine's disk."""
    output = tmp_path_factory.mktemp("local")
    generate(settings_for(str(scenes), str(output)), quiet=True)
    return contents(StoragePath.of(output))


@pytest.fixture
def source(server: Server, bucket: str, scenes: Path) -> str:
    """The drawn scenes in a bucket."""
    assert len(server.put_folder(scenes, bucket, "in/")) == 72
    return f"s3://{bucket}/in"


@pytest.mark.usefixtures("ray_session")
def test_a_bucket_gives_the_bytes_that_a_disk_gives(
    server: Server, bucket: str, source: str, local: dict[str, Any]
) -> None:
    settings = settings_for(source, f"s3://{bucket}/out", server)
    record = generate(settings, quiet=True)
    assert record.status == "complete"
    assert contents(StoragePath.of(settings.output, options(server))) == local
    assert server.keys(bucket, "out/") == [f"out/{name}" for name in sorted(FILES)]
    assert server.unfinished_uploads(bucket) == []


@pytest.mark.slow
@ON_MOTO
@pytest.mark.usefixtures("ray_session")
def test_a_store_that_fails_now_and_then_loses_nothing(
    proxy: Proxy, bucket: str, source: str, local: dict[str, Any]
) -> None:
    """One image fails more often than one reading tries: its shard is made once more."""
    faults = [
        proxy.fail(lambda method, path: "house_001.jpg" in path, "503", 15),
        proxy.fail(lambda method, path: method == "GET" and path.endswith(".jpg"), "503", 20),
        proxy.fail(lambda method, path: method == "GET" and path.endswith("1.jpg"), "cut", 4),
        proxy.fail(lambda method, path: method == "HEAD", "reset", 4),
        proxy.fail(lambda method, path: method == "PUT" and "part-" in path, "503", 5),
        proxy.fail(lambda method, path: method == "PUT" and "part-" in path, "reset", 3),
        proxy.fail(lambda method, path: method == "GET" and "list-type" in path, "503", 2),
        proxy.fail(lambda method, path: method == "PUT" and ".zip" in path, "503", 2),
    ]
    settings = settings_for(source, f"s3://{bucket}/out", proxy.server)
    record = generate(settings, quiet=True)
    assert [fault.injected for fault in faults] == [fault.times for fault in faults]
    assert record.counts["written"] == 72
    assert contents(StoragePath.of(settings.output, options(proxy.server))) == local


@pytest.mark.slow
@ON_MOTO
@pytest.mark.usefixtures("ray_session")
def test_an_outage_ends_the_run_and_gives_nothing_up(
    proxy: Proxy, bucket: str, source: str
) -> None:
    settings = settings_for(source, f"s3://{bucket}/out", proxy.server, num_samples=12)
    proxy.fail(lambda method, path: path.endswith(".jpg"), "503", 100_000)
    with pytest.raises(
        PipelineError, match=r"^the input cannot be reached: 12 images could not be"
    ):
        generate(settings, quiet=True)
    proxy.forget()
    assert generate(settings, quiet=True).counts["written"] == 12


@pytest.mark.slow
@ON_MOTO
@pytest.mark.usefixtures("ray_session")
def test_a_run_that_was_stopped_before_its_merge_goes_on(
    proxy: Proxy, bucket: str, source: str, local: dict[str, Any]
) -> None:
    """One shard is damaged, one has lost its ledger entry, and an upload was left in the air."""
    write = {**RUN["write"], "finalize": False}
    output = f"s3://{bucket}/out"
    generate(settings_for(source, output, proxy.server, write=write), quiet=True)
    folder = StoragePath.of(output, options(proxy.server))
    damaged = shard_place(folder, 1)
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    shard_place(folder, 3, "json").delete()
    with proxy.origin.client() as client:
        client.create_multipart_upload(Bucket=bucket, Key="out/sampled_images.zip")
    proxy.forget()

    generate(settings_for(source, output, proxy.server), quiet=True)

    made = {seen.path.rpartition("/")[2] for seen in proxy.requests if seen.method == "PUT"}
    made = {name.rpartition("-")[0] for name in made if name.startswith("part-")}
    assert made == {"part-00000001", "part-00000003"}
    assert contents(StoragePath.of(output, options(proxy.server))) == local
    assert proxy.origin.unfinished_uploads(bucket) == []
    assert proxy.origin.keys(bucket, "out/") == [f"out/{name}" for name in sorted(FILES)]


@pytest.mark.slow
@ON_MOTO
@pytest.mark.usefixtures("ray_session")
def test_the_generator_in_a_notebook_takes_storage_options(
    server: Server, bucket: str, source: str
) -> None:
    generator = ImageDatasetGenerator(
        42, source, input_dim=(32, 32), storage_options=options(server), progress=False
    )
    login = f"{server.access_key}:{server.secret_key}"
    for output in (f"s3://{bucket}/one", f"s3://{login}@{bucket}/two?region={server.region}"):
        made = generator.sample(output, num_samples=5)
        assert made.zip_path in {f"s3://{bucket}/{n}/sampled_images.zip" for n in ("one", "two")}
        assert made.target.num_rows == 5
        assert server.secret_key not in repr(made)


def test_a_prefix_is_listed_in_one_request(source: str, proxy: Proxy) -> None:
    catalog = load_catalog(source, options=options(proxy.server))
    assert (len(catalog), catalog.classes[:2]) == (72, ("boat", "city_night"))
    lists = [seen.path for seen in proxy.requests if "list-type=2" in seen.path]
    assert sum("prefix=in%2Fboat" in path for path in lists) == 1
    assert proxy.count("GET") == len(lists)


def test_an_output_of_one_run_at_a_time(server: Server, bucket: str) -> None:
    output = StoragePath.of(f"s3://{bucket}/out", options(server))
    with OutputLock(output, 0.3):
        assert server.keys(bucket) == ["out/run.lock"]
        with pytest.raises(LockedError, match="another run is at work in s3://"):
            OutputLock(output, 0.3).__enter__()
    assert server.keys(bucket) == []


def test_buckets_that_are_not_there_are_told_in_one_line(server: Server, scenes: Path) -> None:
    missing = settings_for("s3://no-such-bucket/in", "s3://no-such-bucket/out", server)
    with pytest.raises(CatalogError, match=r"^input s3://no-such-bucket/in is not there: give"):
        generate(missing, quiet=True)
    missing = settings_for(str(scenes), "s3://no-such-bucket/out", server)
    with pytest.raises(OutputError, match=r"^output s3://no-such-bucket/out cannot be made: "):
        generate(missing, quiet=True)


@pytest.fixture
def ray_logs() -> Iterator[Path]:
    """A folder for Ray's logs, with a path so short that its sockets fit."""
    with TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.mark.slow
@ON_MOTO
def test_a_run_by_environment_and_file_tells_no_secret(
    server: Server, bucket: str, source: str, local: dict[str, Any], tmp_path: Path, ray_logs: Path
) -> None:
    """With all that Ray can say and export; then every log and every written byte is searched."""
    config = tmp_path / "run.toml"
    login = f'key = "{server.access_key}"\nsecret = "{server.secret_key}"\n'
    config.write_text(f"[storage_options.output]\n{login}")
    drift = ["-t", "rotate:0.3", "-t", "gaussian_noise:0.2", "--organize-by-class"]
    size = ["--image-size", "64", "--shard-size", "16"]
    environment = os.environ | {
        "RAY_TMPDIR": str(ray_logs),
        "RAY_enable_export_api_write": "1",
        "RAY_DATA_LOG_LEVEL": "DEBUG",
    }
    environment.pop("RAY_ADDRESS", None)
    command = [BIN / "raydrift", "generate", source, f"s3://{bucket}/out", "--config", config]
    done = subprocess.run(
        [*command, *drift, *size, "--verbose"],
        env=environment,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    output = StoragePath.of(f"s3://{bucket}/out")
    assert contents(output) == local
    written = b"".join((output / name).read_bytes() for name in output.names())
    logs = [path for path in ray_logs.rglob("*") if path.is_file()]
    names = {path.name for path in logs}
    assert names >= {"ray-data.log", "event_EXPORT_DATASET_METADATA.log"}
    logged = b"".join(path.read_bytes() for path in logs)
    assert b"DriftStage" in logged
    told = written + logged + done.stdout + done.stderr
    assert server.secret_key.encode() not in told
    assert server.access_key.encode() not in told


@pytest.mark.slow
def test_keys_that_end_every_few_seconds_end_no_run(
    moto: Server, scenes: Path, local: dict[str, Any]
) -> None:
    """Neither a run nor what goes on with it, nor the merge: the driver and its workers renew."""
    bucket = moto.new_bucket()
    moto.put_folder(scenes, bucket, "in/")
    output = f"s3://{bucket}/out"
    run = [BIN / "raydrift", "generate", f"s3://{bucket}/in", output, "--organize-by-class"]
    run += ["-t", "rotate:0.3", "-t", "gaussian_noise:0.2", "--image-size", "64"]
    run += ["--shard-size", "16", "--no-finalize"]
    merge = [BIN / "raydrift", "finalize", output]
    with strict_store(moto, life_s=2.0) as (proxy, issuer):
        environment = only(issuer.environment(proxy.server))
        environment.pop("RAY_ADDRESS", None)

        def done(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
            before = len(issuer.issued)
            made = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=180, check=False
            )
            assert made.returncode == 0, made.stderr
            assert len(issuer.issued) > before + 1
            return made

        done(run)
        shards = [key for key in moto.keys(bucket, "out/_shards/") if key.endswith(".parquet")]
        with moto.client() as client:
            for key in shards[1:4]:
                client.delete_object(Bucket=bucket, Key=key)
        assert "72 images in" in done(run).stdout
        requests = count()

        def ending_often(method: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
            if next(requests) % 12 == 0:  # the merge of so little is done within seconds
                issuer.end_all()
            return issuer.refusal(method, headers)

        proxy.refusal = ending_often
        done(merge)
        assert any(one.status == 400 for one in proxy.requests), "some keys ended in use"
    assert contents(StoragePath.of(output, options(moto))) == local
    assert moto.keys(bucket, "out/") == [f"out/{name}" for name in sorted(FILES)]
    assert moto.unfinished_uploads(bucket) == []

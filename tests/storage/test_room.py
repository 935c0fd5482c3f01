"""A file that is larger than its place takes is refused before the work, not after it."""

from pathlib import Path

import pytest

from raydrift.engine.generate import generate
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings import ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.finishers.webdataset import WebDataset
from raydrift.storage.finishers.zips import OneZip, SeveralZips
from raydrift.storage.shards import LedgerRow
from raydrift.storage.zip_layout import plan_zip

BUCKET = {"key": "a", "secret": "b", "region": "eu-central-1"}


@pytest.fixture
def bucket() -> StoragePath:
    """A place on S3 that nobody connects to."""
    return StoragePath.of("s3://bucket/out", BUCKET)


def test_a_zip_of_a_billion_images_is_refused_on_s3_and_the_remedy_is_named(
    bucket: StoragePath,
) -> None:
    with pytest.raises(OutputError) as error:
        OneZip().check_before_run(bucket, 1_000_000_000, ImageSettings())
    assert str(error.value) == (
        "the zip of 1,000,000,000 samples may grow to 150.8 TB, and s3://bucket/out takes 19.3 TB "
        "a file: use --container zips or webdataset, which have as many files as they need"
    )
    OneZip().check_before_run(bucket, 128_167_169, ImageSettings())
    with pytest.raises(OutputError):
        OneZip().check_before_run(bucket, 128_167_169 + 1, ImageSettings())


@pytest.mark.parametrize("several", [SeveralZips, WebDataset])
def test_several_files_have_room_for_any_number_of_images(
    several: type[SeveralZips | WebDataset], bucket: StoragePath
) -> None:
    several().check_before_run(bucket, 10**12, ImageSettings())
    with pytest.raises(OutputError) as error:
        several(file_bytes=20 * 10**12).check_before_run(bucket, 10, ImageSettings())
    assert str(error.value) == (
        "write.container_bytes is 20000000000000, and s3://bucket/out takes 19327352832000 bytes a "
        "file: give fewer"
    )


def test_a_disk_says_itself_what_it_takes(tmp_path: Path) -> None:
    OneZip().check_before_run(StoragePath.of(tmp_path), 1_000_000_000, ImageSettings())


def test_a_run_is_refused_before_it_has_done_anything(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StoragePath, "largest_file", 100_000)
    settings = generate_settings({"input": str(scenes), "output": str(tmp_path / "out")})
    with pytest.raises(OutputError, match=r"^the zip of 72 samples may grow to "):
        generate(settings, quiet=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shard_bytes", [135_200 * 256, 2**30])
def test_what_the_merge_takes_has_no_range_that_is_too_large_for_a_part(
    shard_bytes: int, bucket: StoragePath
) -> None:
    row = LedgerRow(0, "", 256, 256, 0, 0, shard_bytes, names_size=3072, size=0, crc32=0)
    many = int(19.2e12 / shard_bytes)
    for shards in (many, many - 7, many - many // 9_000):
        plan = plan_zip([row] * shards)
        OneZip().check_before_merge(bucket, [plan])
        assert max(part.size for part in plan.parts) <= 5 * 2**30
    larger = plan_zip([row] * int(19.4e12 / shard_bytes))
    with pytest.raises(OutputError, match=r"^the zip would be 19\.4 TB, and s3://bucket/out takes"):
        OneZip().check_before_merge(bucket, [larger])

"""A zip that is larger than its place takes is refused before the work, not after it."""

from pathlib import Path

import pytest

from raydrift.engine.generate import generate
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings import ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.shards import LedgerRow
from raydrift.storage.zip_layout import plan_zip
from raydrift.storage.zip_room import check_before_merge, check_before_run

BUCKET = {"key": "a", "secret": "b", "region": "eu-central-1"}


@pytest.fixture
def bucket() -> StoragePath:
    """A place on S3 that nobody connects to."""
    return StoragePath.of("s3://bucket/out", BUCKET)


def test_a_billion_images_are_refused_on_s3_with_how_many_fit(bucket: StoragePath) -> None:
    with pytest.raises(OutputError) as error:
        check_before_run(bucket, 1_000_000_000, ImageSettings())
    assert str(error.value) == (
        "the zip of 1,000,000,000 samples may grow to 150.8 TB, and s3://bucket/out takes 19.3 TB: "
        "split the input into manifests of up to 128,167,169 images, a run each, or make shards "
        "alone with --no-finalize"
    )
    check_before_run(bucket, 128_167_169, ImageSettings())
    with pytest.raises(OutputError):
        check_before_run(bucket, 128_167_169 + 1, ImageSettings())


def test_a_disk_says_itself_what_it_takes(tmp_path: Path) -> None:
    check_before_run(StoragePath.of(tmp_path), 1_000_000_000, ImageSettings())


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
        check_before_merge(bucket, plan)
        assert max(part.size for part in plan.parts) <= 5 * 2**30
    larger = plan_zip([row] * int(19.4e12 / shard_bytes))
    with pytest.raises(OutputError, match=r"^the zip would be 19\.4 TB, and s3://bucket/out takes"):
        check_before_merge(bucket, larger)

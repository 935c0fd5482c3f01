"""What a bucket's listing tells of its objects: which of them were written again."""

import time

import pytest

from raydrift.catalog import load_catalog
from raydrift.paths import StoragePath


@pytest.mark.parametrize("server", ["moto"], indirect=True)
def test_an_object_that_was_written_again_is_in_another_state(bucket: str) -> None:
    """Whether a folder or a manifest names it; its name and its size are what they were."""
    root = StoragePath.of(f"s3://{bucket}/in")
    for name in ("1.jpg", "2.jpg"):
        (root / "cat" / name).write_bytes(b"old")
    manifest = f"s3://{bucket}/in/list.csv"
    StoragePath.of(manifest).write_bytes(b"path,class\ncat/1.jpg,cat\ncat/2.jpg,cat\n")
    inputs = (f"s3://{bucket}/in", manifest)
    before = [load_catalog(source) for source in inputs]
    time.sleep(1.1)  # a store tells the second
    (root / "cat" / "1.jpg").write_bytes(b"new")
    for source, then in zip(inputs, before, strict=True):
        now = load_catalog(source)
        assert now.digest() == then.digest()
        assert (now.states() == then.states()).tolist() == [False, True]
        assert now.table["modified"][0].as_py() > then.table["modified"][0].as_py() > 0

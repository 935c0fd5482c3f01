"""An output in a bucket goes to MLflow, byte for byte."""

from pathlib import Path

import pytest

import raydrift
from raydrift.paths import StoragePath
from tests.tracking.outputs import crossed
from tests.tracking.server import Client


def test_what_is_in_a_bucket_is_tracked(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = crossed(StoragePath.of(f"s3://{bucket}/found"))
    uri = f"sqlite:///{tmp_path}/runs.db"
    raydrift.track(f"s3://{bucket}/found", uri)
    (run,) = Client(uri).runs("raydrift")
    assert run.artifacts == one.files
    assert (run.name, run.tags["raydrift.output"]) == ("matrix found", f"s3://{bucket}/found")

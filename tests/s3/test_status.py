"""How far a run in a bucket is, asked from another process."""

from pathlib import Path

import pytest

from raydrift.cli import run
from raydrift.settings.toml import generate_settings
from raydrift.storage.lock import OutputLock
from tests.made_shards import make_shards, shard_place


@pytest.mark.parametrize("server", ["moto"], indirect=True)
def test_a_run_in_a_bucket(scenes: Path, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    uri, image = f"s3://{bucket}/out", {"height": 8, "width": 8}
    output = make_shards(
        generate_settings({"input": str(scenes), "output": uri, "image": image}), size=24
    )
    shard_place(output, 2, "json").delete()
    with OutputLock(output):
        assert run(["status", uri]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    told = dict(line.split(maxsplit=1) for line in lines if not line.startswith("  at work"))
    assert first == uri
    assert (told["status"], told["shards"]) == ("running", "2 of 3")
    assert told["images"] == "48 of 72 (66 %)"
    (working,) = (line for line in lines if line.startswith("  at work"))
    assert working.split()[2].count(":") == 1
    assert "last heard of" not in working

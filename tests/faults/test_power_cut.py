"""A machine that loses its power: what was said to be done is there afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from raydrift.paths import StoragePath
from raydrift.report.inspection import inspect_output
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.record import require_record
from raydrift.storage.shards import intact, read_ledger
from tests.faults.disks import Disk
from tests.faults.runs import SHARDS, Gate, Run, contents, finish, without_embeddings
from tests.made_shards import make_shards

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with Disk(tmp_path) as disk:
        yield disk


@pytest.mark.parametrize("written", ["journal", "nothing"])
def test_a_run_that_said_complete_is_whole_after_a_power_cut(
    disk: Disk, album: Path, reference: dict[str, Any], written: Literal["journal", "nothing"]
) -> None:
    output = disk.folder / "new" / "out"
    assert finish(album, output) == []
    disk.cut_power(written)
    disk.come_back()
    (output / "run.lock").unlink(missing_ok=True)  # what is deleted at the end may come back
    found = contents(output)
    found.pop("_shards", None)
    assert found == without_embeddings(reference)
    assert inspect_output(StoragePath.of(output)).problems == []


@pytest.mark.parametrize("written", ["journal", "nothing"])
def test_embeddings_and_kept_shards_are_whole_too(
    disk: Disk, scenes: Path, written: Literal["journal", "nothing"]
) -> None:
    settings = generate_settings(
        {"input": str(scenes), "output": str(disk.folder / "out"), "embedding": {"compute": True}}
    )
    output = make_shards(settings)
    finalize(output, keep_shards=True)
    before = contents(disk.folder / "out")
    disk.cut_power(written)
    disk.come_back()
    assert contents(disk.folder / "out") == before
    assert inspect_output(output).problems == []
    assert whole_shards(output) == set(range(require_record(output).shards))


def test_a_committed_shard_is_not_made_again(
    disk: Disk, album: Path, reference: dict[str, Any]
) -> None:
    output, half = disk.folder / "out", SHARDS // 2
    gate, options = Gate(album, shard=half), ("--workers=1", "--keep-shards")
    with Run(album, output, *options) as run:
        gate.reader(run)
        committed = run.committed()
        disk.cut_power("nothing")
    gate.open()
    disk.come_back()
    assert len(committed) == half
    assert whole_shards(StoragePath.of(output)) == set(range(half))
    with Run(album, output, *options) as again:
        assert again.wait() == 0, again.log.read_text()
        assert committed.items() <= again.committed().items()
    found = contents(output)
    del found["_shards"]
    assert found == without_embeddings(reference)


def whole_shards(output: StoragePath) -> set[int]:
    """The shards whose bytes are those that were committed."""
    ledger = read_ledger(output, require_record(output).fingerprint)
    return {row.shard for row in intact(output, ledger.values())}

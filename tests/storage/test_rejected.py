"""The table of rejected images is written in a little memory, however many there are."""

import tracemalloc
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from raydrift.paths import StoragePath
from raydrift.storage import rejected
from raydrift.storage.rejected import write_rejected
from raydrift.storage.shards import LedgerRow, Rejected

EACH = 256


def images_of(_: StoragePath, row: LedgerRow) -> list[Rejected]:
    ids = range(row.shard * EACH, (row.shard + 1) * EACH)
    return [Rejected(i, f"boat/boat_{i:09d}.jpg", "read", "No such file or directory") for i in ids]


def peak(output: Path, shards: int) -> int:
    """The bytes that Python holds at most while the rejected images of some shards are written."""
    rows = (LedgerRow(i, "", EACH, 0, EACH, EACH, 0, 0, 0, 0) for i in range(shards))
    tracemalloc.start()
    try:
        write_rejected(StoragePath.of(output), rows)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_its_memory_is_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected, "read_rejected", images_of)
    peak(tmp_path, 20)  # modules are loaded
    few, many = peak(tmp_path, 100), peak(tmp_path, 500)
    assert many < 1.5 * few
    table = pq.read_table(tmp_path / "rejected.parquet")
    assert table["sample_id"].to_pylist() == list(range(500 * EACH))

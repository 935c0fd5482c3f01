"""What the ledger comes to: sums, who took part, which shards took longest."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.shards import STAGES, LedgerRow
from raydrift.storage.summary import SLOWEST, count, slowest, stage_seconds, workers
from tests.made_shards import make_shards


def row(shard: int, worker: str = "a:1", rejected: int = 0, **values: Any) -> LedgerRow:
    return LedgerRow(
        shard=shard, fingerprint="run", asked=10, written=10 - rejected, rejected=rejected,
        unread=0, content_bytes=1000, names_size=1, size=1100, crc32=0, worker=worker, **values,
    )  # fmt: skip


ROWS = st.lists(
    st.builds(
        row,
        shard=st.integers(0, 10**6),
        worker=st.sampled_from(["a:1", "a:2", "b:1", "fe80::1:7"]),
        read_seconds=st.floats(0, 100),
        drift_seconds=st.floats(0, 100),
    ),
    min_size=1,
    unique_by=lambda row: row.shard,
)


def test_counts_and_seconds_are_sums() -> None:
    rows = [row(0, rejected=3, read_seconds=0.5, embed_seconds=2.0), row(1, read_seconds=0.25)]
    assert count(rows) == {
        "asked": 20, "written": 17, "rejected": 3, "unread": 0, "image_bytes": 2000
    }  # fmt: skip
    assert stage_seconds(rows) == {"read": 0.75, "drift": 0.0, "embed": 2.0, "write": 0.0}
    assert (rows[0].seconds, tuple(rows[0].stage_seconds)) == (2.5, STAGES)


def test_who_took_part_and_how_evenly() -> None:
    rows = [row(0, "a:1"), row(1, "a:1"), row(2, "a:2"), row(3, "b:1"), row(4, "fe80::1:1")]
    assert workers(rows) == {
        "hosts": 3, "processes": 4, "fewest_samples": 10, "most_samples": 20,
    }  # fmt: skip


def test_the_slowest_shard_is_told_whole() -> None:
    slow = row(7, "b:2", drift_seconds=3.0004, write_seconds=0.5, started=1e9)
    assert slowest([row(1, drift_seconds=1.0), slow])[0] == {
        "shard": 7, "asked": 10, "seconds": 3.5, "read_seconds": 0.0, "drift_seconds": 3.0,
        "embed_seconds": 0.0, "write_seconds": 0.5, "worker": "b:2", "started": 1e9,
    }  # fmt: skip


@given(ROWS)
def test_the_slowest_are_a_few_and_none_that_is_left_out_took_longer(rows: list[LedgerRow]) -> None:
    told = slowest(rows)
    expected = sorted(rows, key=lambda row: (-row.seconds, row.shard))[:SLOWEST]
    assert [one["shard"] for one in told] == [row.shard for row in expected]


def test_run_json_tells_them_whoever_merged(scenes: Path, tmp_path: Path) -> None:
    """A driver that died before its shards were all there had no time to."""
    plain = {"input": str(scenes), "output": str(tmp_path), "image": {"height": 8, "width": 8}}
    record = finalize(make_shards(generate_settings(plain), size=6))
    content = json.loads((tmp_path / "run.json").read_text())
    assert content["workers"] == record.workers
    assert content["workers"]["hosts"] == content["workers"]["processes"] == 1
    assert content["workers"]["most_samples"] == 72
    assert len(content["slowest_shards"]) == SLOWEST < record.shards == 12
    spent = [one["seconds"] for one in content["slowest_shards"]]
    assert spent == sorted(spent, reverse=True)
    assert spent[5] + 1e-3 >= content["timings"]["median_shard_seconds"] >= spent[6] - 1e-3
    total = sum(content["timings"][f"all_workers_{stage}_seconds"] for stage in STAGES)
    assert total >= sum(spent) - 0.01

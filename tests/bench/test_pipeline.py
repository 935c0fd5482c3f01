"""What one run took: when its shards were committed, what its merge took, who was busy."""

import os
import shutil
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from raydrift.bench import pipeline
from raydrift.bench.pipeline import Merge, measure_pipeline
from raydrift.bench.steady import Span
from raydrift.paths import StoragePath
from raydrift.settings import (
    ClusterSettings,
    EmbeddingSettings,
    GenerateSettings,
    ImageSettings,
    OutputSettings,
)
from raydrift.storage import layout
from raydrift.storage.finalize import finalize
from raydrift.storage.parallel_map import in_threads
from raydrift.storage.record import RunRecord, require_record
from raydrift.storage.shards import LedgerRow, read_ledger
from tests.made_shards import make_shards

SMALL = ImageSettings(height=32, width=32)


@pytest.fixture
def shards(scenes: Path, tmp_path: Path) -> tuple[StoragePath, RunRecord, list[LedgerRow]]:
    """A run of five shards that is merged, and they are kept."""
    output = make_shards(GenerateSettings(str(scenes), str(tmp_path / "out"), image=SMALL))
    record = finalize(output, keep_shards=True)
    rows = list(read_ledger(output, record.fingerprint).values())
    assert len(rows) == 5
    return output, record, rows


def test_the_merge_is_timed_on_the_machines_that_the_product_merges_on(
    shards: tuple[StoragePath, RunRecord, list[LedgerRow]], monkeypatch: pytest.MonkeyPatch
) -> None:
    spread_over: list[int] = []

    def recording(work: Callable[[Any], Any], items: Iterable[Any], threads: int) -> Generator[Any]:
        ranges = list(items)
        spread_over.append(len(ranges))
        yield from in_threads(work, ranges, threads)

    monkeypatch.setattr(pipeline, "cluster_map", lambda: recording)
    pipeline._merge(*shards)
    assert spread_over == [1, 1, 1]
    assert require_record(shards[0]).status == "complete"


def test_the_seconds_are_the_runs_own_and_the_speeds_those_of_turns(
    shards: tuple[StoragePath, RunRecord, list[LedgerRow]], monkeypatch: pytest.MonkeyPatch
) -> None:
    output, record, rows = shards
    record.timings["finalize"] = 7.5
    again, cats = iter([0.4, 0.1, 0.2]), iter([0.1, 0.05, 0.9])
    monkeypatch.setattr(pipeline, "_merge_seconds", lambda *_: next(again))
    monkeypatch.setattr(pipeline, "_cat_seconds", lambda *_: next(cats))
    size = sum(row.size for row in rows) / 1e6
    assert pipeline._merge(output, record, rows) == Merge(
        seconds=7.5,
        megabytes_per_second=size / 0.2,
        cat_megabytes_per_second=size / 0.1,
        of_cat=0.5,
    )


def test_where_there_is_no_cat_the_speed_is_the_runs_own(
    shards: tuple[StoragePath, RunRecord, list[LedgerRow]], monkeypatch: pytest.MonkeyPatch
) -> None:
    output, record, rows = shards
    record.timings["finalize"] = 0.5
    monkeypatch.setattr(shutil, "which", lambda _: None)
    size = sum(row.size for row in rows) / 1e6
    assert pipeline._merge(output, record, rows) == Merge(0.5, 2 * size, None, None)


CAT = """#!/bin/sh
echo $# >> {folder}/counts
cat "$@" | tee -a {folder}/copy
"""


def test_cat_is_given_a_bounded_number_of_paths_at_once(
    shards: tuple[StoragePath, RunRecord, list[LedgerRow]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output, _, rows = shards
    program = tmp_path / "cat.sh"
    program.write_text(CAT.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setattr(pipeline, "_PATHS_AT_ONCE", 2)
    assert pipeline._cat_seconds(str(program), output, rows) > 0
    assert (tmp_path / "counts").read_text().split() == ["2", "2", "1"]
    paths = [Path(output.path, layout.SHARDS, row.shard_name) for row in rows]
    assert (tmp_path / "copy").read_bytes() == b"".join(path.read_bytes() for path in paths)


def row_of(shard: int, started: float) -> LedgerRow:
    """A shard whose stages took 1.5 s."""
    counts = dict.fromkeys(
        ("written", "rejected", "unread", "image_bytes", "names_size", "size", "crc32"), 0
    )
    seconds = {
        "read_seconds": 0.125,
        "drift_seconds": 0.5,
        "embed_seconds": 0.75,
        "write_seconds": 0.125,
    }
    return LedgerRow(shard, "", asked=16, worker="host:1", started=started, **counts, **seconds)


def test_a_shard_ends_when_its_ledger_entry_appeared_as_nearly_as_that_is_told(
    tmp_path: Path,
) -> None:
    """To the nanosecond on a disk, by whole seconds in a store, or not at all."""
    output = StoragePath.of(tmp_path)
    (output / layout.SHARDS).create()
    rows = [row_of(shard, 1000.25) for shard in range(3)]
    for row, appeared in zip(rows, (1002.0625, 1001, 0), strict=True):
        entry = tmp_path / layout.SHARDS / row.ledger_name
        entry.touch()
        os.utime(entry, (appeared, appeared))
    assert pipeline._spans(output, rows) == [
        Span("host:1", 16, 1000.25, ended) for ended in (1002.0625, 1001.75, 1001.75)
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_where_others_embed_nobody_can_tell_how_busy_a_worker_was(
    scenes: Path, tmp_path: Path
) -> None:
    settings = GenerateSettings(
        str(scenes),
        str(tmp_path / "out"),
        image=SMALL,
        embedding=EmbeddingSettings(compute=True, weights="random"),
        cluster=ClusterSettings(workers=1, embedders=1),
        write=OutputSettings(shard_size=8),
    )
    found = measure_pipeline(settings, 48, quiet=True)
    assert (found.workers, found.embedders, found.busy) == (1, 1, None)
    assert found.images_per_second is not None

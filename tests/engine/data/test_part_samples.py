"""What is told of the samples of a part of a shard."""

from types import SimpleNamespace

import pyarrow as pa
import pytest

from raydrift.engine.data import part_samples
from raydrift.engine.data.part_samples import PartSamples
from raydrift.settings import GenerateSettings


def test_seconds_that_are_told_elsewhere_are_not_told_here_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter((100.0, 110.0))
    watch = SimpleNamespace(time=lambda: 5.0, perf_counter=lambda: next(clock))
    monkeypatch.setattr(part_samples, "time", watch)
    tasks = pa.table({"sample_id": [3, 4], "class_name": ["shoes", "shoes"]})
    samples = PartSamples(GenerateSettings("in", "out"), tasks, iter(()))
    for _ in range(len(samples)):
        samples.take_made()
    table = samples.table(elsewhere=7.0)
    assert table["drift_seconds"].to_pylist() == [3.0, 3.0]
    assert table["read_seconds"].to_pylist() == [0.0, 0.0]
    assert table["file_name"].to_pylist() == ["00000003.png", "00000004.png"]
    assert table["error"].null_count == table["content_crc"].null_count == 2

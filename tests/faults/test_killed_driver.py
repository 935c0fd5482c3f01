"""A run whose driver was killed: the same command finishes it."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import (
    SHARD_FILES,
    SHARDS,
    Gate,
    Run,
    contents,
    finish,
    until,
    without_embeddings,
)


@pytest.mark.slow
def test_the_same_command_makes_the_missing_shards_only(
    album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """Killed twice: the driver alone, then its process group; workers may outlive it a moment."""
    output, options = tmp_path / "out", ["--workers=1", "--keep-shards"]
    early, late = Gate(album, shard=int(0.3 * SHARDS)), Gate(album, shard=int(0.8 * SHARDS))
    with Run(album, output, *options) as first:
        early.reader(first)
        thirty = first.committed()
        assert len(thirty) == int(0.3 * SHARDS)
        os.kill(first.main.pid, signal.SIGKILL)
        early.open()
        with Run(album, output, *options) as second:
            late.reader(second)
            eighty = second.committed()
            assert len(eighty) == int(0.8 * SHARDS)
            os.killpg(second.main.pid, signal.SIGKILL)
            late.open()
            with Run(album, output, *options) as third:
                assert third.wait() == 0, third.said()
                assert third.said() == []
                all_of_them = third.committed()

    assert thirty.items() <= eighty.items() <= all_of_them.items()
    assert contents(output) == without_embeddings(reference) | {"_shards": SHARD_FILES}


@pytest.mark.slow
def test_the_same_command_merges_a_run_that_was_killed_in_the_merge(
    album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    with Run(album, output) as run:
        until(lambda: list(output.glob(".sampled_images.zip.*.tmp")), "the merge")
        os.kill(run.main.pid, signal.SIGSTOP)
        assert not (output / "sampled_images.zip").exists()
        os.kill(run.main.pid, signal.SIGKILL)
        run.wait()
        assert len(run.committed()) == SHARDS
    (left,) = output.glob(".sampled_images.zip.*.tmp")
    assert finish(album, output) == []
    assert not left.exists()
    assert contents(output) == without_embeddings(reference)

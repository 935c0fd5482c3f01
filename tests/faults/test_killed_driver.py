"""A run whose driver was killed: the same command finishes it."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import SHARDS, Gate, Run, contents, finish, until, without_embeddings


@pytest.mark.parametrize(("share", "kill"), [(0.3, os.kill), (0.8, os.killpg)])
def test_the_same_command_makes_the_missing_shards_only(
    share: float, kill: Any, album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    """Killed is the driver alone, or its process group; workers may outlive it for a moment."""
    output, options = tmp_path / "out", ["--workers=1", "--keep-shards"]
    gate = Gate(album, shard=int(share * SHARDS))
    with Run(album, output, *options) as run:
        gate.reader(run)
        before = run.committed()
        assert len(before) == int(share * SHARDS)
        kill(run.main.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        gate.open()
        with Run(album, output, *options) as again:
            assert again.wait() == 0, again.said()
            assert again.said() == []

    assert before.items() <= again.committed().items()
    shards = [f"part-{i:08d}.{suffix}" for i in range(SHARDS) for suffix in ("json", "parquet")]
    assert contents(output) == without_embeddings(reference) | {"_shards": shards}


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

"""An output on a disk that fills up."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import SHARDS, Run, contents, finish, without_embeddings


class Disk:
    """A filesystem of a few megabytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._mount("size=1m")

    def resize(self, megabytes: float) -> None:
        self._mount(f"remount,size={megabytes * 2**20:.0f}")

    def _mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.unmount()


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_a_larger_one_all_that_is_needed(
    disk: Disk, album: Path, reference: dict[str, Any]
) -> None:
    """It is full among the shards, a little larger in the merge, then large enough."""
    output = disk.folder / "out"
    for megabytes, in_the_merge in ((2, False), (5, True)):
        disk.resize(megabytes)
        with Run(album, output, "--workers=2") as run:
            assert run.wait() in (1, 2)
            (line,) = run.said()
            done = run.committed()
        assert line.startswith("raydrift: ")
        for part in (str(output), "No space left on device", "what is finished is kept"):
            assert part in line
        assert len(done) == SHARDS if in_the_merge else 0 < len(done) < SHARDS

    disk.resize(32)
    assert finish(album, output, "--workers=2") == []

    assert contents(output) == without_embeddings(reference)

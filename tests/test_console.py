"""What is printed for people: to whom nobody listens, it is nothing, and no error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from raydrift.console import Console


def test_where_nobody_reads_any_more_the_work_goes_on() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        console = Console(file=stream)
        console.print("read")
        assert os.read(reader, 100) == b"read\n"
        os.close(reader)
        console.print("nobody reads this")
        console.print("nor this")
        print("nor what others print", file=stream, flush=True)


@pytest.mark.slow
def test_a_run_whose_lines_go_to_head_is_finished(scenes: Path, tmp_path: Path) -> None:
    """`raydrift generate … 2>&1 | head -1`"""
    command = [sys.executable, "-m", "raydrift", "generate", scenes, tmp_path / "out"]
    with subprocess.Popen(
        [*command, "--image-size=32"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline().startswith(b"input: 6 classes")
        run.stdout.close()
        assert run.wait(240) == 0
    assert (tmp_path / "out/provenance.parquet").is_file()

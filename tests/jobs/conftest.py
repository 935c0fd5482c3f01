"""The cluster that jobs are submitted to."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.runs import CONFIG
from tests.jobs.heads import BIN, DRIFT, Head, running_head


@pytest.fixture(scope="package")
def head() -> Iterator[Head]:
    with running_head() as head:
        yield head


@pytest.fixture(scope="package")
def submitted(
    head: Head, scenes: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The README's command, with paths and a drift of our own after it."""
    output = tmp_path_factory.mktemp("submitted") / "out"
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    job = ["python", "jobs/generate.py", "--config", "jobs/generate.toml"]
    embed = ["--embeddings", "--weights", "random"]
    return output, head.run(*submit, "--", *job, scenes, output, *DRIFT, *embed)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """As a user has it: in a file that every node reaches."""
    path = tmp_path / "album.toml"
    path.write_text(f"{CONFIG}cluster = {{ workers = 1 }}\n")
    return path

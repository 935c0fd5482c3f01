"""The run that nobody disturbed, which all others have to equal."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import contents, finish, write_album

collect_ignore = ["cluster.py", "killers"]  # other processes import them
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]  # they look into /proc


@pytest.fixture(scope="session")
def reference(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The contents of an undisturbed run, with embeddings."""
    folder = tmp_path_factory.mktemp("undisturbed")
    album = write_album(folder / "album", scenes)
    assert finish(album, folder / "out", "--embeddings", "--workers=1") == []
    return contents(folder / "out")


@pytest.fixture
def album(scenes: Path, tmp_path: Path) -> Path:
    """The album of the undisturbed run, to be tampered with."""
    return write_album(tmp_path / "album", scenes)

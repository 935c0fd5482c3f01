"""What several tests of the engine are about."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of six scenes, and a file that is no image."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("boat", "desert", "flower"):
        (folder / name).mkdir()
        for path in sorted((scenes / name).iterdir())[:6]:
            shutil.copy(path, folder / name)
    (folder / "boat" / "no.jpg").write_bytes(b"no image")
    return folder

"""What a process that only drifts holds in memory, seen from outside in a real run."""

import sys
from pathlib import Path

import pytest

from tests.faults.runs import Gate, Run, write_album

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_a_worker_has_no_torch_and_is_small(scenes: Path, tmp_path: Path) -> None:
    """In its second shard it has imported all that it needs."""
    album = write_album(tmp_path / "album", scenes)
    gate = Gate(album, shard=1)
    with Run(album, tmp_path / "out", "--workers=1") as run:
        worker = Path(f"/proc/{gate.reader(run)}")
        maps = (worker / "maps").read_text()
        status = dict(line.split(":", 1) for line in (worker / "status").read_text().splitlines())
        gate.open()
    assert "/cv2/" in maps
    for package in ("torch", "torchvision", "scipy"):
        assert f"/{package}/" not in maps
    own = status["RssAnon"]  # pages of files are shared, and how many are in memory varies
    assert int(own.removesuffix("kB")) < 160 * 1024

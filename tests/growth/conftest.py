"""A cluster that grows."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import album, reference
from tests.faults.runs import Processes

__all__ = ["album", "reference"]

collect_ignore = ["cluster.py"]  # another process's program


class GrowingCluster(Processes):
    """A head without CPUs, and the nodes that joined it."""

    def __init__(self, folder: str, log: Path) -> None:
        script = Path(__file__).with_name("cluster.py")
        super().__init__(sys.executable, script, log=log, environment={"RAY_TMPDIR": folder})
        self.address = self._line()

    def add_node(self, **resources: int) -> None:
        """Has a node join: ``num_cpus``, ``num_gpus``."""
        assert self.main.stdin is not None
        self.main.stdin.write(json.dumps(resources) + "\n")
        self.main.stdin.flush()
        assert self._line() == "joined"

    def _line(self) -> str:
        assert self.main.stdout is not None
        return self.main.stdout.readline().strip()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[GrowingCluster]:
    """A head without CPUs."""
    with (
        tempfile.TemporaryDirectory(prefix="ray") as folder,  # short, for the names of sockets
        GrowingCluster(folder, tmp_path / "cluster.log") as growing,
    ):
        yield growing

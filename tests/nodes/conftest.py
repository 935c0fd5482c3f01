"""A cluster that all tests of this folder share, and two nodes that each has to itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import album, reference
from tests.faults.runs import CONFIG
from tests.nodes.clusters import Cluster
from tests.nodes.machines import Machine, Network, why_not

__all__ = ["album", "reference"]

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]  # they look into /proc


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A head, which asks for a token."""
    if why_not():
        pytest.skip(why_not())
    folder = tmp_path_factory.mktemp("cluster")
    with Network(folder) as network:
        yield Cluster.start(network, folder)


@pytest.fixture
def nodes(cluster: Cluster) -> Iterator[list[Machine]]:
    """Two nodes with a CPU each that have just joined."""
    two = [cluster.join(), cluster.join()]
    cluster.ready(*two)
    yield two
    cluster.leave(*two)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """In a file that every node reaches, as users have it."""
    path = tmp_path / "album.toml"
    path.write_text(f"{CONFIG}cluster = {{ workers = 2 }}\n")
    return path

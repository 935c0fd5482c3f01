"""Where these tests track: a database of MLflow's, and a server that is started for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from raydrift.tracking.mlflow_quiet import quiet_client
from tests.tracking.server import Client, Rest, mlflow_server


@dataclass(frozen=True)
class Store:
    """A tracking store, and who reads it."""

    uri: str
    reader: Rest | Client


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """In this process: as MLflow's server has it, without the requests."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/runs.db"
    with quiet_client(uri, {}):  # which makes its tables
        return Store(uri, Client(uri))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A process of its own; it takes ten seconds to start."""
    with mlflow_server(tmp_path_factory.mktemp("server")) as uri:
        yield Store(uri, Rest(uri))


@pytest.fixture(params=["database", pytest.param("server", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)  # a database has its artifacts there
    found: Store = request.getfixturevalue(request.param)
    return found

"""Where these tests track: a database of MLflow's, and a server that is started for them."""

from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass

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
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/runs.db"
    with chdir(folder), quiet_client(uri, {}):  # which makes its tables, and artifacts go there
        return Store(uri, Client(uri))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A process of its own; it takes ten seconds to start."""
    with mlflow_server(tmp_path_factory.mktemp("server")) as uri:
        yield Store(uri, Rest(uri))


@pytest.fixture(params=["database", pytest.param("server", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found

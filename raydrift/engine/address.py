"""Whether Ray answers at an address; Ray itself tries for many minutes without a word."""

import os
import socket
import time
from typing import Final
from urllib.parse import urlsplit

from raydrift.engine.ray_private import address_left_here
from raydrift.errors import ResourcesError, reason
from raydrift.settings.cluster import ClusterSettings

_PATIENCE_S: Final = 3.0  # for a cluster that is just being started
_ANSWER_S: Final = 20.0
_CLIENT_PORT: Final = 10001

# How a connection of HTTP/2 begins, which carries gRPC: the preface, and settings without a value.
_HELLO: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_FRAME_HEAD: Final = 9
_SETTINGS: Final = 4  # the type of the first frame of every answer


def address_of(cluster: ClusterSettings) -> str:
    """Where Ray is, as ``ray.init`` takes it."""
    return cluster.address or ("auto" if os.environ.get("RAY_ADDRESS") else "local")


def check_address(cluster: ClusterSettings) -> None:
    """Makes sure that Ray answers where it is to be found, if that is an address.

    Raises:
        ResourcesError: It does not.
    """
    address, remedy = address_of(cluster), "leave it out to use this machine"
    if address == "auto" and os.environ.get("RAY_ADDRESS"):
        address, remedy = os.environ["RAY_ADDRESS"], "unset RAY_ADDRESS to use this machine"
    address = address_left_here() if address == "auto" else address
    if address in ("", "local"):
        return
    scheme, separator, _ = address.partition("://")
    if separator and scheme in ("http", "https"):
        raise ResourcesError(
            f"the address {address!r} is a dashboard's, for ray job submit: "
            f"give HOST:6379 or ray://HOST:{_CLIENT_PORT}, or {remedy}"
        )
    if separator and scheme != "ray":
        return  # of a plugin of Ray's
    try:
        parts = urlsplit(address if separator else f"//{address}")
        host, port = parts.hostname, parts.port or (_CLIENT_PORT if separator else None)
    except ValueError:
        host, port = None, None
    if host is None or port is None:
        raise ResourcesError(f"the address {address!r} has no port: write it as HOST:6379")
    problem = _problem(host, port)
    if problem:
        raise ResourcesError(
            f"no Ray cluster answers at {address!r}: {problem}: check the address, or {remedy}"
        )


def _problem(host: str, port: int) -> str:
    """Why Ray cannot be there; empty: it may."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with socket.create_connection((host, port), timeout=_PATIENCE_S) as connection:
                return _problem_of(connection)
        except OSError as error:
            if time.monotonic() >= deadline:
                return f"nothing listens there ({reason(error)})"
        time.sleep(0.25)


def _problem_of(connection: socket.socket) -> str:
    """Whether what listens is a server of gRPC, as Ray's are."""
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
        return ""
    connection.settimeout(_ANSWER_S)
    try:
        connection.sendall(_HELLO)
        answer = b""
        while len(answer) < _FRAME_HEAD and (more := connection.recv(64)):
            answer += more
    except TimeoutError:
        return "what listens there says nothing"
    except OSError:
        answer = b""
    return "" if answer[3:4] == bytes([_SETTINGS]) else "what listens there is not Ray"

"""Keys that end within seconds: who hands them out, and a store that refuses the old ones."""

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Self
from uuid import uuid4

from tests.s3.servers import Proxy, Server

SECRET = "the-secret-of-a-short-key"


@dataclass
class Issuer:
    """Hands out keys as AWS's container service does, each for some seconds.

    Attributes:
        url: Where it is.
        life_s: Of a key. The next one is handed out when a fifth of that is left.
        ended: How a store answers to a key that has ended: status and code.
        failing: How many of the next requests it fails.
        issued: Each key and when it ends.
        asked: Requests, the failed ones too.
    """

    url: str
    life_s: float
    ended: tuple[int, str] = (400, "ExpiredToken")
    failing: int = 0
    issued: dict[str, float] = field(default_factory=dict)
    asked: int = 0
    lock: Lock = field(default_factory=Lock)

    def environment(self, server: Server) -> dict[str, str]:
        """What lets any S3 client find a server and this issuer, and no other keys."""
        variables = server.environment() | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url}
        del variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
        return variables

    def refusal(self, method: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """What a store says to a request with a key that has ended, for ``Proxy.refusal``."""
        del method
        found = re.search(r"Credential=([^/]+)/", headers.get("Authorization", ""))
        if found is None:
            return 403, "AccessDenied"
        with self.lock:
            ends = self.issued.get(found[1])
        if ends is None:
            return 403, "InvalidAccessKeyId"
        return self.ended if time.time() > ends else None

    def end_all(self) -> None:
        """Ends every key before its time."""
        with self.lock:
            self.issued = dict.fromkeys(self.issued, 0.0)

    def answer(self) -> dict[str, str] | None:
        """The key of the moment; None: it fails."""
        now = time.time()
        with self.lock:
            self.asked += 1
            if self.failing > 0:
                self.failing -= 1
                return None
            newest = next(reversed(self.issued), "")
            if self.issued.get(newest, 0.0) < now + self.life_s / 5:
                newest = f"key-{uuid4().hex[:12]}"
                self.issued[newest] = now + self.life_s
            ends = datetime.fromtimestamp(self.issued[newest], UTC)
        return {
            "AccessKeyId": newest,
            "SecretAccessKey": SECRET,
            "Token": f"token-of-{newest}",
            "Expiration": ends.isoformat().replace("+00:00", "Z"),
        }

    @classmethod
    @contextmanager
    def running(cls, life_s: float) -> Iterator[Self]:
        """Runs one in threads of this process."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(_) -> None:  # noqa: N805
                said = issuer.answer()
                _.send_response_only(500 if said is None else 200)
                _.send_header("Content-Type", "application/json")
                _.end_headers()
                _.wfile.write(json.dumps(said).encode())

            def log_message(_, format: str, *args: object) -> None:  # noqa: N805
                """Says nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
            issuer = cls(f"http://127.0.0.1:{listener.server_port}/keys", life_s)
            Thread(target=listener.serve_forever, args=[0.01]).start()
            try:
                yield issuer
            finally:
                listener.shutdown()


@contextmanager
def strict_store(moto: Server, life_s: float) -> Iterator[tuple[Proxy, Issuer]]:
    """A store that takes only the keys of an issuer, and those until they end."""
    with Issuer.running(life_s) as issuer, Proxy.before(moto) as proxy:
        proxy.refusal = issuer.refusal
        yield proxy, issuer


def only(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, with these AWS variables and no others."""
    return {name: value for name, value in os.environ.items() if "AWS_" not in name} | dict(
        variables
    )

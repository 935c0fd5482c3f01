"""Whose requests a store gets: the credentials of the moment.

Those of a role, a web identity or a single sign-on end within hours, a tool may write new ones into
a file, and the service that renews them may fail. All of that is met here, for Arrow and botocore.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from raydrift.paths.s3_errors import EXPIRED_CODES, UNKNOWN_KEY, expired, none_found, not_to_be_had
from raydrift.paths.s3_options import S3Options
from raydrift.paths.secrecy import Secret, redacted

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.credentials import Credentials, ReadOnlyCredentials
    from botocore.session import Session

_HELD_S: Final = 1.0
"""How long credentials are used before they are asked for again; that is quick, unless they end."""

_HELD_AFTER_REFUSAL_S: Final = 0.5
_HELD_AFTER_FAILURE_S: Final = 10.0
_HELD_WITHOUT_S: Final = 60.0

_REFUSALS: Final = (400, 401, 403)

_LOOKS: Final = 3
"""How often credentials are looked for where there are none; a new node's may take a moment."""


@dataclass(frozen=True)
class Keys:
    """Credentials as they are at one moment."""

    key: Secret
    secret: Secret
    token: Secret | None = None


class S3Login:
    """The credentials of a store, looked up where botocore looks for them.

    They are asked for again every second, and looked up from the beginning once the store has
    refused them. Where they cannot be renewed, the old ones are used for as long as they are taken.

    Args:
        options: Which may have credentials of their own, or ask for none.
    """

    def __init__(self, options: S3Options) -> None:
        self._given: Keys | None = None
        if not options.anon and options.key is not None and options.secret is not None:
            self._given = Keys(options.key, options.secret, options.token)
        self._anonymous = options.anon
        self._known: Keys | None = None
        self._refused: Keys | None = None
        self._accepted: set[Keys] = set()
        self._session: Session | None = None
        self._looked_at = self._due = time.monotonic()
        self._lock = threading.Lock()
        self._signed = threading.local()

    def current(self, needed: bool = False) -> Keys | None:
        """The credentials of the moment; None: requests are not signed.

        Args:
            needed: Whether the store has refused a request without credentials.

        Raises:
            CredentialsError: They have ended and cannot be renewed, what is set for them cannot be,
                or none are found though needed.
        """
        if self._given is not None or self._anonymous:
            return self._given
        with self._lock:
            if self._known is None and needed:
                self._search()
            elif time.monotonic() >= self._due:
                self._renew()
            return self._known

    def _search(self) -> None:
        for left in reversed(range(_LOOKS)):
            self._session = None
            self._renew()
            if self._known is not None:
                return
            if left:
                time.sleep(_HELD_S)
        raise none_found()

    def _renew(self) -> None:
        anew = self._known is not None and self._known == self._refused
        self._looked_at = time.monotonic()
        self._due = self._looked_at + _HELD_S
        try:
            found = self._look(anew)
        except Exception as error:
            # It may be anything: renewing means HTTP, JSON, or another program.
            if self._known is None:
                self._due = self._looked_at
            if self._known is None or anew:
                raise not_to_be_had(error) from None
            self._due += _HELD_AFTER_FAILURE_S
        else:
            self._known = found or self._known
            if self._known is None:
                self._due += _HELD_WITHOUT_S

    def _look(self, anew: bool) -> Keys | None:
        from botocore.session import Session

        if self._session is None or anew:
            self._session = Session()
        with _without_warnings():
            credentials = self._session.get_credentials()
            if credentials is None:
                return None
            frozen = credentials.get_frozen_credentials()
        token = Secret(frozen.token) if frozen.token else None
        return Keys(Secret(frozen.access_key), Secret(frozen.secret_key), token)

    def accepted(self, keys: Keys | None) -> None:
        """Hears that the store took these."""
        if keys is not None:
            self._accepted.add(keys)

    def refused(self, keys: Keys | None, code: str, said: str) -> None:
        """Hears that the store refused a request with these, and why.

        Raises:
            CredentialsError: They have expired, and no others are there yet.
        """
        if keys is None or code not in (*EXPIRED_CODES, UNKNOWN_KEY):
            return
        with self._lock:
            if keys == self._known:
                self._refused = keys
                self._due = min(self._due, self._looked_at + _HELD_AFTER_REFUSAL_S)
        # A key that the store has never heard of is a mistake; one that it knew has ended.
        if code in EXPIRED_CODES or keys in self._accepted:
            raise expired(said, for_good=keys == self._given)

    def load_credentials(self) -> Credentials:
        """What botocore signs with; a session takes a login for its provider of credentials."""
        from botocore.credentials import Credentials, ReadOnlyCredentials

        class Current(Credentials):  # type: ignore[misc]
            """The credentials of the moment, asked for at each request."""

            def get_frozen_credentials(_) -> ReadOnlyCredentials | None:  # noqa: N805
                keys = self.current(needed=True)
                self._signed.keys = keys
                if keys is None:
                    return None
                token = keys.token.reveal() if keys.token is not None else None
                return ReadOnlyCredentials(keys.key.reveal(), keys.secret.reveal(), token)

        return Current("", "")

    def listen(self, client: BaseClient) -> None:
        """Hears from botocore how the store answers to what was signed."""
        client.meta.events.register("after-call.s3", self._hear)

    def _hear(self, http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        keys = getattr(self._signed, "keys", None)
        if http_response.status_code not in _REFUSALS:
            self.accepted(keys)
            return
        said = parsed.get("Error", {})
        code = str(said.get("Code"))
        self.refused(keys, code, redacted(f"{code}: {said.get('Message') or 'no message'}"))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keeps botocore from writing a traceback to the terminal: what it means is told elsewhere."""
    logger = logging.getLogger("botocore.credentials")
    logger.addFilter(_is_worse)
    try:
        yield
    finally:
        logger.removeFilter(_is_worse)


def _is_worse(record: logging.LogRecord) -> bool:
    return record.levelno > logging.WARNING

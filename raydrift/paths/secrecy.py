"""What may be shown of a URI, and values that nothing shows."""

import re
from collections.abc import Mapping
from typing import Any, Final

# Of what a URI's query may say, all that is no secret.
_SHOWN: Final = ("endpoint_override", "region", "scheme")

# A secret may hold slashes, though it should not.
_LOGIN: Final = re.compile(r"(?<=://)([^\s'\"/@]*:[^\s'\"]*|[^\s'\"/@]*)@")
_QUERY: Final = re.compile(r"(://[^\s?]*\?)([^\s'\"]*[^\s'\":,;)])")


class Secret:
    """A value that is shown as ``***`` by whatever prints it, also as part of something else.

    >>> key = Secret("abc")
    >>> print(key, [key], f"{key:>5}")
    *** [***]   ***
    >>> key.reveal()
    'abc'
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def reveal(self) -> Any:
        """The value, for whoever sends it to where it belongs."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[Any, ...]:
        return Secret, (self._value,)


def conceal(value: Any) -> Any:
    """The same value, each leaf of its tables a ``Secret``.

    >>> conceal({"key": "abc", "client_kwargs": {"timeout": 5}})
    {'key': ***, 'client_kwargs': {'timeout': ***}}
    """
    if isinstance(value, Mapping):
        return {name: conceal(one) for name, one in value.items()}
    return value if isinstance(value, Secret) else Secret(value)


def reveal(value: Any) -> Any:
    """What ``conceal`` was given."""
    if isinstance(value, Mapping):
        return {name: reveal(one) for name, one in value.items()}
    return value.reveal() if isinstance(value, Secret) else value


def redacted(text: str) -> str:
    """A URI, or a text with URIs in it, without credentials.

    Masked are what stands before a host, and the values of a query's parameters unless they are
    known to be no secrets.

    >>> redacted("s3://key:secret@bucket/photos")
    's3://***@bucket/photos'
    >>> redacted("https://host/a.zip?region=x&X-Amz-Signature=abc")
    'https://host/a.zip?region=x&X-Amz-Signature=***'
    """
    text = re.sub(_LOGIN, "***@", text)
    return re.sub(_QUERY, lambda found: found[1] + _masked(found[2]), text)


def _masked(query: str) -> str:
    parts = [part.partition("=") for part in query.split("&")]
    return "&".join(
        f"{name}=***" if equals and name not in _SHOWN else name + equals + value
        for name, equals, value in parts
    )

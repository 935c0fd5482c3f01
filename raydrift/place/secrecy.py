"""What may be shown of a URI."""

import re
from typing import Final

# Of what a URI's query may say, all that is no secret.
_SHOWN: Final = ("endpoint_override", "region", "scheme")

# A secret may hold slashes, though it should not.
_LOGIN: Final = re.compile(r"(?<=://)([^\s'\"/@]*:[^\s'\"]*|[^\s'\"/@]*)@")
_QUERY: Final = re.compile(r"(://[^\s?]*\?)([^\s'\"]*[^\s'\":,;)])")


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

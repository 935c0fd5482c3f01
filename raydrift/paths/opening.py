"""From a URI and its storage options to a filesystem."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

import pyarrow as pa
from pyarrow import fs

from raydrift.errors import SettingsError, reason
from raydrift.paths.s3 import S3Store, find_store
from raydrift.paths.s3_options import S3Options
from raydrift.paths.secrecy import redacted

_S3_SCHEMES: Final = ("s3", "s3a", "s3n")
_ARROW_SCHEMES: Final = ("gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")


def open_uri(
    uri: str, scheme: str, options: Mapping[str, Any]
) -> tuple[fs.FileSystem | None, str, str, S3Store | None]:
    """Opens what a URI names.

    Without options, Arrow opens what it knows (``gs://``, ``abfs://``, ``hdfs://``); everything
    else, and what has options, is fsspec's.

    Returns:
        The filesystem (None for S3, where the store has it), the path on it, the URI without what
        only tells how to get there (login and query), and for S3 the store.

    Raises:
        SettingsError: Nothing here knows the scheme, how to reach it, or one of the options.
    """
    shown = redacted(uri)
    try:
        if scheme in _S3_SCHEMES:
            store, path = _open_s3(uri, options)
            return None, path, f"{scheme}://{path}", store
        found = None
        if scheme in _ARROW_SCHEMES and not options:
            found = _open_arrow(uri)
        return (*(found or (*_open_fsspec(uri, scheme, options), uri)), None)
    except SettingsError as error:
        raise SettingsError(f"{shown}: {redacted(str(error))}") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{shown}: {redacted(reason(error))}") from None


def _open_s3(uri: str, options: Mapping[str, Any]) -> tuple[S3Store, str]:
    """``s3://[KEY:SECRET@]BUCKET/PATH[?region=…&endpoint_override=…&scheme=…]``."""
    rest = uri.partition("://")[2]
    values = dict(options)
    path, mark, query = rest.rpartition("?")
    told = dict(part.partition("=")[::2] for part in query.split("&"))
    if mark and set(told) <= {"region", "endpoint_override", "scheme"}:
        if "region" in told:
            values["region"] = told["region"]
        if "endpoint_override" in told:
            scheme = told.get("scheme", "https")
            values["endpoint_url"] = f"{scheme}://{told['endpoint_override']}"
    else:
        path = rest
    user, at, after = path.partition("@")
    if at and "/" not in user:
        key, _, secret = user.partition(":")
        values |= {"key": unquote(key), "secret": unquote(secret)}
        path = after
    bucket = path.partition("/")[0]
    if ":" in bucket:
        raise SettingsError(
            "a secret with a slash in it: write the slash as %2F, or give storage_options"
        )
    if not bucket:
        raise SettingsError("names no bucket: write s3://BUCKET/PATH")
    return find_store(bucket, S3Options.parse(values)), path


def _open_arrow(uri: str) -> tuple[fs.FileSystem, str, str] | None:
    """``SCHEME://[LOGIN@]HOST/PATH[?NAME=VALUE&…]``; None where Arrow was built without it."""
    place, mark, query = uri.rpartition("?")
    if not mark or "=" not in query:
        place, mark, query = uri, "", ""
    scheme, _, rest = place.partition("://")
    host, slash, path = rest.partition("/")
    # A path is what the user wrote, to the sign; Arrow wants it as a URI has it.
    written = f"{scheme}://{host}{slash}{quote(path)}{mark}{query}"
    try:
        filesystem, path = fs.FileSystem.from_uri(written)
    except pa.ArrowNotImplementedError:
        return None
    plain = f"{scheme}://{path}" if "@" in host or mark else uri
    return filesystem, path, plain


def _open_fsspec(uri: str, scheme: str, options: Mapping[str, Any]) -> tuple[fs.FileSystem, str]:
    import fsspec

    try:
        inner, path = fsspec.core.url_to_fs(uri, **options)
    except ValueError as error:
        if "protocol" not in str(error).lower():
            raise SettingsError(redacted(" ".join(str(error).split()))) from None
        known = "a local path, s3://, gs:// or a scheme that fsspec knows"
        raise SettingsError(f"unknown scheme {scheme}://: give {known}") from None
    except (ImportError, TypeError) as error:
        raise SettingsError(" ".join(str(error).split())) from None
    return fs.PyFileSystem(fs.FSSpecHandler(inner)), path

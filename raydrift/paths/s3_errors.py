"""What botocore and Arrow raise about S3, as the errors that files have."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from raydrift.paths.secrecy import redacted

EXPIRED_CODES: Final = (
    "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidTokenId", "RequestExpired",
    "TokenRefreshRequired",
)  # fmt: skip
"""What stores say where the credentials of a request have expired."""

UNKNOWN_KEY: Final = "InvalidAccessKeyId"
"""What a store says that has never heard of a key, or has forgotten it because it expired."""

_REMEDY: Final = "log in again, or give credentials that renew themselves, as those of a role"
_MISSING: Final = ("404", "NoSuchBucket", "NoSuchKey", "NoSuchUpload", "NotFound")
_FORBIDDEN: Final = (401, 403)
_BUSY: Final = (408, 425, 429)
_BUSY_CODES: Final = ("RequestTimeout", "SlowDown", "Throttling", "ThrottlingException")
_CHANGED: Final = ("PreconditionFailed", "ConditionalRequestConflict", "412")
_NOT_DONE: Final = (405, 501)
_OTHER_CHECKSUMS: Final = (
    "if the store does not know S3's newer checksums, set storage_options.checksums to "
    "when_required"
)
# How Arrow tells that no connection could be made: curl's numbers, of a timeout also its words.
_NO_CONNECTION: Final = re.compile(
    r"curlCode: (?:5|6|7|35|60), (?P<why>[^;]+)"
    r"|curlCode: 28, .*(?P<late>Connection timed out|Failed to connect)"
)
# Of botocore's errors: those about credentials, with what derives from them, and those of them that
# no second look mends.
_OF_CREDENTIALS: Final = {
    "CredentialRetrievalError", "LoginError", "MetadataRetrievalError", "PartialCredentialsError",
    "RefreshWithMFAUnsupportedError", "SSOError", "TokenRetrievalError",
}  # fmt: skip
_WRONG_SETTINGS: Final = (
    "ConfigNotFound", "ConfigParseError", "InfiniteLoopConfigError", "InvalidConfigError",
    "MissingDependencyException", "PartialCredentialsError", "ProfileNotFound",
    "RefreshWithMFAUnsupportedError", "UnknownCredentialError",
)  # fmt: skip


class CredentialsError(OSError):
    """A store's credentials have expired, or cannot be had; it says nothing about any file.

    Its ``errno`` is EIO where credentials may be had at the next try, else EACCES.
    """


def expired(said: str, for_good: bool = False) -> CredentialsError:
    """The error about credentials that a store no longer takes.

    Args:
        said: The store's words.
        for_good: Whether they were given in ``storage_options``, where nothing renews them.
    """
    if for_good:
        return CredentialsError(
            errno.EACCES,
            f"the credentials of storage_options have expired ({said}): give new ones, or none: "
            "those of a profile or a role renew themselves",
        )
    return CredentialsError(errno.EIO, f"the credentials have expired ({said}): {_REMEDY}")


def not_to_be_had(error: BaseException) -> CredentialsError:
    """The error about credentials that could not be looked up or renewed.

    Args:
        error: botocore's, or one of those that it lets through: of HTTP, of JSON, of a program.
    """
    said = _words(error)
    if type(error).__name__ in _WRONG_SETTINGS:
        return CredentialsError(errno.EACCES, f"the credentials cannot be looked up ({said})")
    return CredentialsError(errno.EIO, f"the credentials cannot be renewed ({said}): {_REMEDY}")


def none_found() -> CredentialsError:
    """The error about credentials that are nowhere."""
    return CredentialsError(
        errno.EACCES,
        "no credentials were found: set AWS_PROFILE, a role, or keys in the environment or in "
        "storage_options; anon = true for a public bucket",
    )


def check_reached(error: OSError, address: str) -> None:
    """Raises one line about a store where Arrow's error is that no connection to it can be made.

    Args:
        error: Arrow's.
        address: The address of the store.
    """
    match = _NO_CONNECTION.search(str(error))
    if match is not None:
        raise _unreachable(address, match["why"] or "timeout") from None


def _unreachable(address: str, why: str) -> OSError:
    return OSError(
        errno.EIO,
        redacted(
            f"the store at {address} cannot be reached ({why}): check the network, and the "
            "address, which AWS_ENDPOINT_URL or storage_options.endpoint_url sets"
        ),
    )


@contextmanager
def as_os_errors() -> Iterator[None]:
    """Raises OSErrors, without credentials: EIO where the next try may succeed."""
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        raise _of_answer(error.response) from None
    except exceptions.NoCredentialsError:
        raise none_found() from None
    except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError) as error:
        parts = urlsplit(str(error.kwargs["endpoint_url"]))
        raise _unreachable(f"{parts.scheme}://{parts.netloc}", "no connection") from None
    except exceptions.BotoCoreError as error:
        if _OF_CREDENTIALS & {kind.__name__ for kind in type(error).__mro__}:
            raise not_to_be_had(error) from None
        # Of a connection that broke, or could not be made: the store may be starting.
        broken = (
            exceptions.ConnectionError,
            exceptions.HTTPClientError,
            exceptions.IncompleteReadError,
        )
        number = errno.EIO if isinstance(error, broken) else errno.EINVAL
        raise OSError(number, _words(error)) from None


def _of_answer(answer: dict[str, dict[str, object]]) -> OSError:
    said = answer.get("Error", {})
    code = str(said.get("Code", "unknown"))
    status = int(str(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)))
    words = redacted(f"{code}: {said.get('Message') or 'no message'}")
    if code in EXPIRED_CODES:
        return expired(words)
    if code in _MISSING:
        return FileNotFoundError(errno.ENOENT, words)
    if code in _CHANGED:
        return FileExistsError(errno.EEXIST, words)
    if status in _FORBIDDEN:
        return PermissionError(errno.EACCES, words)
    if status in _NOT_DONE or code == "NotImplemented":
        return OSError(errno.ENOSYS, f"{words}: {_OTHER_CHECKSUMS}")
    passing = status >= 500 or status in _BUSY or code in _BUSY_CODES
    return OSError(errno.EIO if passing else errno.EINVAL, words)


def _words(error: BaseException) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return redacted(said)

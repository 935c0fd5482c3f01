"""What botocore raises becomes what files raise, and says whether another try may help."""

import errno

import pytest
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from raydrift.paths import CredentialsError, may_pass
from raydrift.paths.s3_errors import as_os_errors


def answer(status: int, code: str, words: str = "words") -> ClientError:
    """A store's answer as botocore raises it."""
    said = {
        "Error": {"Code": code, "Message": words},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(said, "PutObject")


def raised(error: Exception) -> OSError:
    with pytest.raises(OSError) as caught, as_os_errors():  # noqa: PT011
        raise error
    assert caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind", "number"),
    [
        (answer(404, "NoSuchKey"), FileNotFoundError, errno.ENOENT),
        (answer(403, "AccessDenied"), PermissionError, errno.EACCES),
        (answer(403, "InvalidAccessKeyId"), PermissionError, errno.EACCES),
        (answer(412, "PreconditionFailed"), FileExistsError, errno.EEXIST),
        (answer(409, "ConditionalRequestConflict"), FileExistsError, errno.EEXIST),
        (answer(501, "NotImplemented"), OSError, errno.ENOSYS),
        (answer(405, "MethodNotAllowed"), OSError, errno.ENOSYS),
        (answer(400, "InvalidRequest"), OSError, errno.EINVAL),
        (answer(500, "InternalError"), OSError, errno.EIO),
        (answer(503, "SlowDown"), OSError, errno.EIO),
        (answer(400, "RequestTimeout"), OSError, errno.EIO),
        (exceptions.EndpointConnectionError(endpoint_url="http://x"), OSError, errno.EIO),
        (exceptions.ReadTimeoutError(endpoint_url="http://x"), OSError, errno.EIO),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), OSError, errno.EIO),
        (exceptions.ProfileNotFound(profile="x"), OSError, errno.EINVAL),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, BotoCoreError) else str(one),
)
def test_an_error_is_one_of_files(error: Exception, kind: type[OSError], number: int) -> None:
    found = raised(error)
    assert type(found) is kind
    assert found.errno == number
    assert may_pass(found) is (number == errno.EIO)


@pytest.mark.parametrize(
    "error",
    [
        answer(400, "ExpiredToken"),
        answer(403, "ExpiredTokenException"),
        answer(400, "InvalidToken"),
        answer(403, "InvalidTokenId"),
        answer(403, "RequestExpired"),
        answer(400, "TokenRefreshRequired"),
        exceptions.CredentialRetrievalError(provider="iam-role", error_msg="IMDS timeout"),
        exceptions.TokenRetrievalError(provider="sso", error_msg="Token has expired"),
        exceptions.UnauthorizedSSOTokenError(),
        exceptions.SSOTokenLoadError(error_msg="no token"),
        exceptions.MetadataRetrievalError(error_msg="HTTP 500"),
    ],
    ids=str,
)
def test_credentials_that_ended_may_be_renewed_and_are_named(error: Exception) -> None:
    found = raised(error)
    assert type(found) is CredentialsError
    assert may_pass(found)
    assert "the credentials have expired" in str(found) or "cannot be renewed" in str(found)
    assert str(found).endswith(
        "log in again, or give credentials that renew themselves, as those of a role"
    )


@pytest.mark.parametrize(
    "error",
    [
        exceptions.NoCredentialsError(),
        exceptions.PartialCredentialsError(provider="env", cred_var="x"),
        exceptions.RefreshWithMFAUnsupportedError(),
    ],
    ids=str,
)
def test_credentials_that_cannot_be_are_told_for_good(error: Exception) -> None:
    found = raised(error)
    assert type(found) is CredentialsError
    assert not may_pass(found)


def test_a_store_that_does_not_do_it_may_lack_the_newer_checksums() -> None:
    assert "set storage_options.checksums to when_required" in str(
        raised(answer(501, "NotImplemented", "A header you provided implies functionality"))
    )


def test_words_of_stores_are_shown_without_their_secrets() -> None:
    found = raised(answer(400, "InvalidURI", "https://host/a?X-Amz-Signature=S3CRET"))
    assert "S3CRET" not in str(found)

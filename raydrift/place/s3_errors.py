"""What botocore raises, as the errors that files have."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from raydrift.place.secrecy import redacted

_MISSING: Final = ("404", "NoSuchBucket", "NoSuchKey", "NoSuchUpload", "NotFound")
_FORBIDDEN: Final = (401, 403)
_BUSY: Final = (408, 425, 429)
_BUSY_CODES: Final = ("RequestTimeout", "SlowDown", "Throttling", "ThrottlingException")


@contextmanager
def as_os_errors() -> Iterator[None]:
    """Raises OSErrors, without credentials: EIO where the next try may succeed."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code = str(said.get("Code", "unknown"))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
        words = redacted(f"{code}: {said.get('Message') or 'no message'}")
        if code in _MISSING:
            raise FileNotFoundError(errno.ENOENT, words) from None
        if status in _FORBIDDEN:
            raise PermissionError(errno.EACCES, words) from None
        passing = status >= 500 or status in _BUSY or code in _BUSY_CODES
        raise OSError(errno.EIO if passing else errno.EINVAL, words) from None
    except BotoCoreError as error:
        number = errno.EIO if isinstance(error, HTTPClientError) else errno.EINVAL
        raise OSError(number, redacted(" ".join(str(error).split()))) from None

"""Which failures of a filesystem may pass, and how long to wait for that."""

import errno
from typing import Final

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_exponential_jitter,
    wait_fixed,
)

from raydrift.paths.s3_errors import CredentialsError

ATTEMPTS: Final = 5
"""How often a file is tried, with pauses of about 8 seconds in all."""

ATTEMPTS_SOON: Final = 3

ATTEMPTS_FOR_CREDENTIALS: Final = 14
"""The same where credentials are missing, which whole runs depend on: about a minute in all."""

_PASSING: Final = frozenset({
    errno.EAGAIN, errno.EBUSY, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET,
    errno.EHOSTUNREACH, errno.EINTR, errno.EIO, errno.EMFILE, errno.ENETDOWN, errno.ENETRESET,
    errno.ENETUNREACH, errno.ENFILE, errno.ENOBUFS, errno.ENOTCONN, errno.EPIPE, errno.ESTALE,
    errno.ETIMEDOUT,
})  # fmt: skip

_FOR_GOOD: Final = (
    "ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "INVALID_CLIENT_TOKEN_ID", "NO_SUCH_BUCKET",
    "SIGNATURE_DOES_NOT_MATCH", "HTTP status 403",
)  # fmt: skip


def may_pass(error: BaseException) -> bool:
    """Whether a failure may be gone at the next try.

    Remote filesystems seldom give a number; what they say without one is taken for passing, unless
    they name one of the few that are not.
    """
    if not isinstance(error, OSError):
        return False
    if error.errno is None:
        plain = type(error) in (OSError, ConnectionError, TimeoutError)
        return plain and not any(words in str(error) for words in _FOR_GOOD)
    return error.errno in _PASSING


def retrying(soon: bool = False) -> Retrying:
    """Calls what it is given until that does not fail, or fails for good.

    Args:
        soon: Whether to ask only a few times, at once: what a disk cannot read it seldom can later.
    """
    pauses = wait_fixed(0.1) if soon else wait_exponential_jitter(0.5, max=5.0, jitter=0.5)

    def enough(tries: RetryCallState) -> bool:
        error = tries.outcome.exception() if tries.outcome is not None else None
        if isinstance(error, CredentialsError) and not soon:
            return tries.attempt_number >= ATTEMPTS_FOR_CREDENTIALS
        return tries.attempt_number >= (ATTEMPTS_SOON if soon else ATTEMPTS)

    return Retrying(retry=retry_if_exception(may_pass), stop=enough, wait=pauses, reraise=True)

import errno
from collections.abc import Iterator

import pytest
from pyarrow import fs
from tenacity import wait_none

from raydrift.paths import may_pass
from raydrift.paths.retries import ATTEMPTS, retrying


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OSError(errno.EIO, "Input/output error"), True),
        (OSError(errno.ESTALE, "Stale file handle"), True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), True),
        (TimeoutError("timed out"), True),
        (OSError("AWS Error SLOW_DOWN during GetObject operation"), True),
        (OSError("AWS Error ACCESS_DENIED during HeadObject operation"), False),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (FileNotFoundError("bucket/key"), False),
        (PermissionError(errno.EACCES, "Permission denied"), False),
        (IsADirectoryError(errno.EISDIR, "Is a directory"), False),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (OSError(errno.ENAMETOOLONG, "File name too long"), False),
        (ValueError("embedded null byte"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_may_pass_and_what_will_not(error: BaseException, passes: bool) -> None:
    assert may_pass(error) is passes


def test_what_fails_for_a_moment_is_done() -> None:
    failures: Iterator[OSError] = iter([OSError(errno.EIO, "once"), OSError(errno.EIO, "twice")])

    def flaky() -> str:
        for failure in failures:
            raise failure
        return "done"

    assert retrying().copy(wait=wait_none())(flaky) == "done"


def test_what_goes_on_failing_is_raised_as_it_is() -> None:
    tries = []

    def broken() -> None:
        tries.append(fs.LocalFileSystem())
        raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match=r"^\[Errno 5\] broken$"):
        retrying().copy(wait=wait_none())(broken)
    assert len(tries) == ATTEMPTS


def test_what_fails_for_good_is_tried_once() -> None:
    tries = []

    def missing() -> None:
        tries.append(1)
        raise FileNotFoundError(errno.ENOENT, "gone")

    with pytest.raises(FileNotFoundError):
        retrying()(missing)
    assert tries == [1]

"""Decoding in a process of its own, which an image may kill.

Decoders are C code: now and then a file makes one crash, or never end. A worker that was restarted
decodes its images here, so that such an image costs its child, and not the worker again. The child
has a bound on its memory: an image that takes more is an error there.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import IO, ClassVar, Final, TypeVar

from raydrift.errors import ImageError
from raydrift.images.carried import receive, receive_decoded, send, send_decoded
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.settings.image import ImageSettings

SLOWEST_S: Final = 300.0
"""How long decoding one image may take. The largest photographs take seconds."""

_MEMORY_BESIDES: Final = 2**26  # libraries that are loaded late, and what the heap cannot reuse

_T = TypeVar("_T")

_READY: Final = b"!"
_FINE: Final = b"+"
_REJECTED: Final = b"-"


def decode_in_time(data: bytes, settings: ImageSettings) -> Decoded:
    """Decodes as ``codec.decode_image``; a decoder that does not end in time ends with its process.

    Where there is no such clock (Windows), it has all the time.
    """
    return in_time(lambda: decode_image(data, settings))


def in_time(decode: Callable[[], _T]) -> _T:
    """Decodes; where that does not end in time, this process ends."""
    if not hasattr(signal, "setitimer"):
        return decode()
    signal.setitimer(signal.ITIMER_REAL, SLOWEST_S)
    try:
        return decode()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class IsolatedDecoder:
    """Takes what ``codec.decode_image`` takes and gives what it gives; starts a child when needed.

    An image that kills its child is given to a new one once more, since something else may have
    killed the first. A subclass of which a child does something else has its own ``module``.
    """

    module: ClassVar[str] = __name__
    """What the child's Python is to run: it calls ``answer_parent``."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._settings: ImageSettings | None = None

    def __call__(self, data: bytes, settings: ImageSettings) -> Decoded:
        """Decodes as ``codec.decode_image``; an image that kills its decoder is an error too."""
        for _ in range(2):
            child = self._ready(settings)
            try:
                return self._ask(child, data)
            except ImageError:
                raise
            except (EOFError, BrokenPipeError):
                status = child.wait()
                self.close()
            except BaseException:  # an answer may still be on its way
                self.close()
                raise
        raise ImageError("decode", f"killed the process that decoded it ({_told(status)})")

    def close(self) -> None:
        """Ends the child."""
        if self._child is not None:
            with suppress(BrokenPipeError), self._child as child:
                child.kill()
            self._child = None

    def _ready(self, settings: ImageSettings) -> "subprocess.Popen[bytes]":
        if self._child is None or self._settings != settings:
            self.close()
            self._child = subprocess.Popen(  # noqa: S603  (this very file)
                [sys.executable, "-P", *self._arguments(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self._environment(),
            )
            self._settings = settings
            if self._child.stdout is None or self._child.stdout.read(1) != _READY:
                status = self._child.wait()
                self.close()
                raise RuntimeError(f"no process to decode in could be started ({_told(status)})")
        return self._child

    def _arguments(self, settings: ImageSettings) -> list[str]:
        """Of the child's Python."""
        return ["-m", self.module, json.dumps(asdict(settings))]

    def _environment(self) -> dict[str, str]:
        """The child's: the code may have come with the job, and not be installed."""
        return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def _ask(self, child: "subprocess.Popen[bytes]", data: bytes) -> Decoded:
        if child.stdin is None or child.stdout is None:  # never: both are pipes
            raise EOFError
        send(child.stdin, data)
        if child.stdout.read(1) == _FINE:
            return receive_decoded(child.stdout)
        raise ImageError("decode", receive(child.stdout).decode())


def limit_memory(most: int) -> None:
    """Bounds what this process may take from now on, in bytes; beyond that is a MemoryError.

    Where the machine has no memory left all the same, this process is the one that ends. Systems
    other than Linux do not count memory in this way.
    """
    if sys.platform != "linux":
        return
    import resource

    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    with open("/proc/self/status") as status:
        taken = next(int(line.split()[1]) for line in status if line.startswith("VmData:"))
    limit = 1024 * taken + most + _MEMORY_BESIDES
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def answer_parent(
    settings: ImageSettings,
    decode: Callable[[bytes, ImageSettings], Decoded],
    silent: bool = False,
) -> None:
    """What the child does: decodes what its parent sends it, until there is no more.

    Args:
        settings: What bounds its memory.
        decode: What decodes; where it does not end in time, this process ends.
        silent: Whether what decoders print goes nowhere, and not to standard error.
    """
    with os.fdopen(os.dup(1), "wb") as answers:
        if silent:
            sys.stderr = os.fdopen(os.dup(2), "w")
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 2)
        os.dup2(2, 1)  # a decoder that prints something must not be in between
        limit_memory(settings.max_memory)
        _serve(sys.stdin.buffer, answers, lambda data: in_time(lambda: decode(data, settings)))


def _serve(requests: IO[bytes], answers: IO[bytes], decode: Callable[[bytes], Decoded]) -> None:
    answers.write(_READY)
    answers.flush()
    while True:
        try:
            data = receive(requests)
        except EOFError:
            return
        try:
            decoded = decode(data)
        except ImageError as error:
            answers.write(_REJECTED)
            send(answers, error.reason.encode())
            continue
        answers.write(_FINE)
        send_decoded(answers, decoded)


def _told(status: int) -> str:
    if status >= 0:
        return f"it ended with status {status}"
    try:
        return f"it died of {signal.Signals(-status).name}"
    except ValueError:
        return f"it died of signal {-status}"


if __name__ == "__main__":
    answer_parent(ImageSettings(**json.loads(sys.argv[1])), decode_image)

"""The lock of an output folder: one run at a time.

It is a small file that its owner renews every few seconds, on any filesystem, without trusting
clocks: a lock whose content stays the same for some time has no owner any more. What a run that
lost its lock may still write is dropped by its fingerprint, or is the same.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Self
from uuid import uuid4

from raydrift.errors import LockedError
from raydrift.place import Place
from raydrift.storage import layout

RENEWED_EVERY_S: Final = 5.0

_PATIENCE: Final = 4.0  # times the interval
_LOOK_EVERY_S: Final = 0.25
_SETTLED_AFTER_S: Final = 0.2
_SETTLED_AFTER_REMOTE_S: Final = 1.0


class OutputLock:
    """Holds an output folder for this run, between ``with`` and its end.

    Args:
        output: The folder; it has to be there.
        renewed_every_s: Seconds between two renewals. A lock that was not renewed for four times as
            long is taken over; at once, if its process is known to be dead.
        tell: Is told, in one line, why there is a wait.

    Raises:
        LockedError: Another run is at work there.
    """

    def __init__(
        self,
        output: Place,
        renewed_every_s: float = RENEWED_EVERY_S,
        tell: Callable[[str], object] | None = None,
    ) -> None:
        self._output = output
        self._file = output / layout.LOCK
        self._interval = renewed_every_s
        self._tell = tell
        self._ours: dict[str, Any] = {
            "owner": uuid4().hex,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "machine": _machine(),
            "renewed": 0,
        }
        self._lost_to: dict[str, Any] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, daemon=True)

    def __enter__(self) -> Self:
        other = self._read()
        if other is not None and not _is_dead(other):
            self._wait_for(other)
        self._write()
        time.sleep(_SETTLED_AFTER_S if self._output.is_local else _SETTLED_AFTER_REMOTE_S)
        found = self._read()  # of two that came at once the later one stays
        if found is not None and found["owner"] != self._ours["owner"]:
            raise self._refusal(found)
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stopped.set()
        self._thread.join()
        with suppress(OSError):  # a lock that stays behind is found to be dead
            if self._lost_to is None:
                self._file.delete()

    def check(self, *_: object) -> None:
        """Makes sure that no other run has taken the folder over.

        Raises:
            LockedError: One has, because this run was asleep or could not reach the folder.
        """
        if self._lost_to is not None:
            raise self._refusal(self._lost_to)

    def _refusal(self, other: dict[str, Any]) -> LockedError:
        return LockedError(
            f"another run is at work in {self._output} ({other['host']}:{other['pid']}): "
            "wait until it ends, or choose another output"
        )

    def _wait_for(self, other: dict[str, Any]) -> None:
        """Watches a lock that was found: renewed it is another's; if not, nobody's."""
        patience = _PATIENCE * self._interval
        if self._tell is not None:
            self._tell(
                f"{self._output} was last used by {other['host']}:{other['pid']}: "
                f"waiting up to {patience:.0f} s to see if it still is"
            )
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
            now = self._read()
            if now is None:
                return
            if now != other:
                raise self._refusal(now)

    def _read(self) -> dict[str, Any] | None:
        try:
            content = json.loads(self._file.read_bytes())
            return content if self._ours.keys() <= content.keys() else None
        except (FileNotFoundError, ValueError, AttributeError):
            return None

    def _write(self) -> None:
        self._ours["renewed"] += 1
        self._file.write_bytes(json.dumps(self._ours).encode())

    def _renew_until_stopped(self) -> None:
        while not self._stopped.wait(self._interval):
            with suppress(OSError):  # a full disk, or a connection that is back the next time
                found = self._read()
                if found is not None and found["owner"] != self._ours["owner"]:
                    self._lost_to = found
                    return
                self._write()


def _is_dead(owner: dict[str, Any]) -> bool:
    """Whether the owner was a process of this very machine that is no more."""
    if not owner["machine"] or owner["machine"] != _machine():
        return False
    try:
        with open(f"/proc/{int(owner['pid'])}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"  # ended, and nobody asked how
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (OSError, OverflowError, TypeError, ValueError, IndexError):
        return False


def _machine() -> str:
    """What tells process ids apart: this boot of this machine, and the container; '' if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return f"{file.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""

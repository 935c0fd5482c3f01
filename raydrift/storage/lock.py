"""The lock of an output folder: one run at a time.

It is a small file that its owner renews every few seconds, on any filesystem, without trusting
clocks: a lock whose content stays the same for some time has no owner any more. What the workers of
a run that lost its lock may still write are shards; those that do not fit are found and made again.
The lock is not synced: after a power cut nobody holds it.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import uuid4

from raydrift.errors import LockedError
from raydrift.place import Place, Sync
from raydrift.storage import layout

RENEWED_EVERY_S: Final = 5.0

_KEYS: Final = {"owner", "host", "pid", "machine", "renewed"}
_PATIENCE: Final = 4.0  # times the interval
_LOOK_EVERY_S: Final = 0.25
_SETTLED_AFTER_S: Final = 0.2
_SETTLED_AFTER_REMOTE_S: Final = 1.0


@dataclass(frozen=True)
class Holder:
    """Who has locked an output folder.

    Attributes:
        host: Its machine.
        pid: Its process there.
        dead: Whether it is known to be no more; the lock stayed behind.
        silent_s: Seconds since the lock was renewed, as far as the clocks agree.
    """

    host: str
    pid: int
    dead: bool
    silent_s: float

    def __str__(self) -> str:
        who = f"{self.host}:{self.pid}"
        if self.dead:
            return f"nobody; {who}, which is dead, left its lock behind"
        if self.silent_s > _PATIENCE * RENEWED_EVERY_S:
            return f"{who}, which was last heard of {self.silent_s:,.0f} s ago"
        return who


def find_holder(output: Place) -> Holder | None:
    """Reads whose lock is on an output folder; None where there is none."""
    file = output / layout.LOCK
    found = _read(file)
    if found is None:
        return None
    renewed = file.info().mtime_ns
    silent = max(0.0, time.time() - renewed / 1e9) if renewed else 0.0
    return Holder(found["host"], found["pid"], _is_dead(found), silent)


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
        self._renewed_at = 0.0  # by the clock that goes on while the machine sleeps
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, daemon=True)

    def __enter__(self) -> Self:
        try:
            self._take()
            self._renewed_at = time.time()
            time.sleep(_SETTLED_AFTER_S if self._output.is_local else _SETTLED_AFTER_REMOTE_S)
            self._look()  # of two that came at once the later one stays
        except BaseException:
            self._give_back()
            raise
        self._thread.start()
        return self

    def _take(self) -> None:
        other = _read(self._file)
        if other is None and self._file.write_new(self._content(), Sync.NONE):
            return
        other = other or _read(self._file)  # somebody may just have come
        if other is not None and other["owner"] == self._ours["owner"]:
            return  # the answer to the first try was lost
        if other is not None and not _is_dead(other):
            self._wait_for(other)
        self._file.write_bytes(self._content(), Sync.NONE)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._give_back()

    def check(self) -> None:
        """Makes sure that no other run has taken the folder over; reads the lock if it is old.

        Raises:
            LockedError: One has, because this run was asleep or could not reach the folder.
        """
        if self._lost_to is None and abs(time.time() - self._renewed_at) > 2 * self._interval:
            self._look()
        if self._lost_to is not None:
            raise self._refusal(self._lost_to)

    def _look(self) -> None:
        """Reads the lock.

        Raises:
            LockedError: It is another's.
        """
        found = _read(self._file)
        if found is not None and found["owner"] != self._ours["owner"]:
            self._lost_to = found
            raise self._refusal(found)

    def _give_back(self) -> None:
        with suppress(OSError):  # a lock that stays behind is found to be dead
            found = _read(self._file)
            if found is not None and found["owner"] == self._ours["owner"]:
                self._file.delete()

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
            now = _read(self._file)
            if now is None:
                return
            if now != other:
                raise self._refusal(now)

    def _content(self) -> bytes:
        self._ours["renewed"] += 1
        return json.dumps(self._ours).encode()

    def _renew_until_stopped(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._look()
                self._file.write_bytes(self._content(), Sync.NONE)
                self._renewed_at = time.time()
            except LockedError:
                return
            except OSError:  # a full disk, or a connection that is back the next time
                continue


def _read(file: Place) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_bytes())
        return content if content.keys() >= _KEYS else None
    except (FileNotFoundError, ValueError, AttributeError):
        return None


def _is_dead(owner: dict[str, Any]) -> bool:
    """Whether the owner was a process of this very machine that is no more."""
    if not owner["machine"] or owner["machine"] != _machine():
        return False
    try:
        os.kill(owner["pid"], 0)
        with open(f"/proc/{owner['pid']}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"  # ended, and nobody asked how
    except ProcessLookupError:
        return True
    except (OSError, OverflowError, TypeError, IndexError):
        return False


def _machine() -> str:
    """What tells process ids apart: this boot of this machine, and the container; '' if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return f"{file.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""

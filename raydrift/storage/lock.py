"""The lock of an output folder: one run at a time.

It is a small file that its owner renews every few seconds, on any filesystem, without trusting
clocks: a lock whose content stays the same for some time has no owner any more. An owner that
cannot renew it stops before another run may take it. What the workers of a run that lost its lock
may still write are shards; those that do not fit are found and made again.
The lock is not synced: after a power cut nobody holds it.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from uuid import uuid4

from raydrift.errors import LockedError, OutputError, reason
from raydrift.paths import StoragePath, Sync, redacted
from raydrift.storage import layout

RENEWED_EVERY_S: Final = 5.0

_KEYS: Final = {"owner", "host", "pid", "machine", "renewed"}
_PATIENCE: Final = 4.0  # times the interval
_CHECKED: Final = 2.0
_LOOK_EVERY_S: Final = 0.25
_LEAST_WAIT_S: Final = 1.0
_LAST_WAIT_S: Final = 5.0
_SETTLED_AFTER_S: Final = 0.2
_SETTLED_AFTER_REMOTE_S: Final = 1.0


@dataclass(frozen=True)
class LockOwner:
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


def find_holder(output: StoragePath) -> LockOwner | None:
    """Reads whose lock is on an output folder; None where there is none."""
    file = output / layout.LOCK
    found, _ = _read(file)
    if found is None:
        return None
    renewed = file.info().mtime_ns
    silent = max(0.0, time.time() - renewed / 1e9) if renewed else 0.0
    return LockOwner(found["host"], found["pid"], _is_dead(found), silent)


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
        output: StoragePath,
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
        self._why = ""
        self._tried = 0
        self._news = threading.Condition()
        self._hurry = threading.Event()
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
        self._file = replace(self._file, hurried=True)  # the next renewal is the next try
        self._thread.start()
        return self

    def _take(self) -> None:
        other, tag = _read(self._file)
        if other is not None and other["owner"] == self._ours["owner"]:
            return
        if other is not None and not _is_dead(other):
            tag = self._wait_for(other, tag)
        if not self._write(tag):
            self._take()  # somebody else was quicker, or the answer was lost

    def _write(self, tag: str | None) -> bool:
        """Writes the lock in the place of what had this tag; None: of nothing."""
        if tag is None:
            return self._file.write_new(self._content(), Sync.NONE)
        return self._file.write_over(self._content(), tag, Sync.NONE)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stopped.set()
        self._hurry.set()
        self._thread.join(_LAST_WAIT_S)
        if self._output.is_local or not (self._why or self._thread.is_alive()):
            self._give_back()  # one that cannot be reached would be asked for it in vain, for long

    def check(self) -> None:
        """Makes sure that no other run has taken the folder over, nor may.

        Raises:
            LockedError: One has, because this run was asleep or could not reach the folder.
            OutputError: One may soon, since the lock cannot be renewed.
        """
        with self._news:
            age, most = self._age(), (_PATIENCE - 1) * self._interval
            if age > _CHECKED * self._interval:
                tried = self._tried
                self._hurry.set()
                left = max(most - age, self._interval, _LEAST_WAIT_S)
                self._news.wait_for(lambda: self._tried > tried, left)
            if self._lost_to is not None:
                raise self._refusal(self._lost_to)
            age, why = self._age(), self._why or "no answer"
            if age > most:
                raise OutputError(
                    f"output {self._output}: its lock could not be renewed for {age:.0f} s "
                    f"({why}), and another run may take it: what is finished is kept, the same "
                    "command goes on"
                )

    def _age(self) -> float:
        """Seconds since the lock was last renewed."""
        return abs(time.time() - self._renewed_at)

    def _renew(self) -> None:
        """Renews the lock.

        Raises:
            LockedError: It is another's.
            OSError: It cannot be read or written.
        """
        start = time.time()
        # Where nothing is written, somebody else was quicker, or the answer was lost.
        if self._write(self._look()) or self._look() is not None:
            self._renewed_at = start

    def _look(self) -> str | None:
        """Reads the lock; returns its tag, None where there is none.

        Raises:
            LockedError: It is another's.
        """
        found, tag = _read(self._file)
        if found is not None and found["owner"] != self._ours["owner"]:
            self._lost_to = found
            raise self._refusal(found)
        return tag

    def _give_back(self) -> None:
        with suppress(OSError):  # a lock that stays behind is found to be dead
            found, _ = _read(self._file)
            if found is not None and found["owner"] == self._ours["owner"]:
                self._file.delete()

    def _refusal(self, other: dict[str, Any]) -> LockedError:
        return LockedError(
            f"another run is at work in {self._output} ({other['host']}:{other['pid']}): "
            "wait until it ends, or choose another output"
        )

    def _wait_for(self, other: dict[str, Any], tag: str | None) -> str | None:
        """Watches a lock that was found: renewed it is another's; if not, nobody's.

        Returns:
            The tag of what is to be replaced; None: there is nothing any more.
        """
        patience = _PATIENCE * self._interval
        if self._tell is not None:
            self._tell(
                f"{self._output} was last used by {other['host']}:{other['pid']}: "
                f"waiting up to {patience:.0f} s to see if it still is"
            )
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
            now, tag = _read(self._file)
            if now is None:
                return tag
            if now != other:
                raise self._refusal(now)
        return tag

    def _content(self) -> bytes:
        self._ours["renewed"] += 1
        return json.dumps(self._ours).encode()

    def _renew_until_stopped(self) -> None:
        while self._lost_to is None:
            self._hurry.wait(self._interval)
            self._hurry.clear()
            if self._stopped.is_set():
                return
            why = ""
            try:
                self._renew()
            except LockedError:  # which check tells
                pass
            except OSError as error:  # a full disk, or a connection that is back the next time
                why = redacted(reason(error))
            with self._news:
                self._why = why
                self._tried += 1
                self._news.notify_all()


def _read(file: StoragePath) -> tuple[dict[str, Any] | None, str | None]:
    """What a lock says and its tag: None for what is no lock, and for no tag where nothing is."""
    try:
        data, tag = file.read_tagged()
    except FileNotFoundError:
        return None, None
    try:
        content = json.loads(data)
        return (content if content.keys() >= _KEYS else None), tag
    except (ValueError, AttributeError):
        return None, tag


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

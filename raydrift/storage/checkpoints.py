"""How far long pieces of work are that are not done: a file each, which goes when they are."""

import time
from collections.abc import Callable
from typing import Final

from raydrift.paths import StoragePath, Sync, unfinished_of
from raydrift.storage import layout

EVERY_S: Final = 60.0
"""Seconds from one checkpoint to the next: what a killed worker loses."""

_DIGITS: Final = 16  # of the job's fingerprint, in a file's name


class Checkpoint:
    """How far one piece of work is.

    Args:
        folder: The folder of its job.
        fingerprint: The job's.
        number: The piece's.
        every: Seconds from one to the next.
    """

    def __init__(
        self, folder: StoragePath, fingerprint: str, number: int, every: float = EVERY_S
    ) -> None:
        self._place = folder / layout.CHECKPOINTS / f"{_prefix(fingerprint)}{number:08d}.pt"
        self._every, self._last = every, time.monotonic()

    def read(self) -> bytes | None:
        """What was kept last; None: nothing."""
        try:
            return self._place.read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, make: Callable[[], bytes]) -> None:
        """Keeps what is made, in the place of what was kept, if it is time for it."""
        if time.monotonic() - self._last < self._every:
            return
        self._place.write_bytes(make(), Sync.BYTES)
        self._last = time.monotonic()

    def remove(self) -> None:
        """The work is done."""
        self._place.delete()


def make_checkpoints(folder: StoragePath, fingerprint: str) -> None:
    """Makes the folder for the checkpoints of a job; those of others are deleted."""
    place, own = folder / layout.CHECKPOINTS, _prefix(fingerprint)
    place.create()
    place.delete_files(
        name for name in place.names() if not name.startswith(own) or unfinished_of(name)
    )


def remove_checkpoints(folder: StoragePath) -> None:
    """Deletes all of them, and their folder."""
    (folder / layout.CHECKPOINTS).delete()


def _prefix(fingerprint: str) -> str:
    return f"fit-{fingerprint[:_DIGITS]}-"

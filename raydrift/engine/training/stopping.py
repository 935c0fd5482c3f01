"""A training that is told to stop (Ctrl-C, ``kill``) first takes its step to the end and saves."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class StopSignal:
    """Whether this process was told to stop.

    Attributes:
        number: The signal that told it; None: none did.
    """

    def __init__(self) -> None:
        self.number: int | None = None


@contextmanager
def held_signals() -> Iterator[StopSignal]:
    """Holds the first signal to stop back until the block ends; a second one acts at once.

    In other threads than the main one no signal arrives, and nothing is held.
    """
    told = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            if handler is not None:  # of a handler that was not set by Python nothing is known
                signal.signal(number, handler)

    def hold(number: int, _frame: FrameType | None) -> None:
        told.number = number
        restore()

    for number in _SIGNALS:
        signal.signal(number, hold)
    try:
        yield told
    finally:
        restore()
    if told.number is not None:
        os.kill(os.getpid(), told.number)  # as if it came now

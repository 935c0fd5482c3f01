"""Something small that is done again and again, beside the work."""

import threading
from collections.abc import Callable


class PeriodicCall:
    """Calls a function every few seconds, from a thread of its own.

    Args:
        work: The function.
        seconds: Between two calls; the first one is made after as many.
    """

    def __init__(self, work: Callable[[], None], seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, after the call that is being made."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._work()

"""What a job's time is spent on."""

from time import perf_counter


class Clock:
    """Seconds, by what they were spent on."""

    def __init__(self) -> None:
        self._start = self._last = perf_counter()
        self.seconds: dict[str, float] = {}

    def end_phase(self, name: str) -> None:
        """Books the time since the last phase ended."""
        now = perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 3)
        self._last = now

    @property
    def total(self) -> float:
        """Seconds since it was started."""
        return perf_counter() - self._start

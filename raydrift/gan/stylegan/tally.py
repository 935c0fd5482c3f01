"""Means of what a training tells, without waiting for the device at each step."""

from math import nan

from torch import Tensor


class Tally:
    """Sums values by name."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: Tensor) -> None:
        """Adds a value without a dimension."""
        value = value.detach()
        self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
        self._counts[name] = self._counts.get(name, 0) + 1

    def has(self, name: str) -> bool:
        """Whether there are values since the last ``clear``."""
        return name in self._sums

    def mean(self, name: str) -> float:
        """The mean since the last ``clear``; nan without values."""
        return float(self._sums[name]) / self._counts[name] if self.has(name) else nan

    def clear(self) -> None:
        """Begins anew."""
        self._sums, self._counts = {}, {}

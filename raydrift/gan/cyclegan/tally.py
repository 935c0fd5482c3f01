"""Means of losses over many steps."""

from torch import Tensor


class Tally:
    """Sums losses where they are computed, so that no step waits for the device."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._sums: Tensor | None = None
        self._steps = 0

    def add(self, names: tuple[str, ...], losses: Tensor) -> None:
        """Adds the losses of a step.

        Args:
            names: The same in every step.
            losses: One number a name, without gradients.
        """
        self._names = names
        self._sums = losses if self._sums is None else self._sums + losses
        self._steps += 1

    def take(self) -> dict[str, float]:
        """The means since they were taken last; empty if there was no step."""
        if self._sums is None:
            return {}
        means = (self._sums / self._steps).tolist()
        self._sums, self._steps = None, 0
        return dict(zip(self._names, means, strict=True))

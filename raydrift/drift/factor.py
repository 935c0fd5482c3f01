"""Transforms that multiply by a factor about 1."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class FactorTransform(Transform):
    """A transform whose only parameter is a factor; one of 1 changes nothing.

    Attributes:
        span: Factor ~ U(max(0, 1 - x·L), 1 + x·L).
        low: The least factor at level 1. Where it or ``high`` is not 1, the factor is not by
            ``span``: it is ~ U(1 + (low - 1)·L, 1 + (high - 1)·L).
        high: The greatest.
    """

    draws = "factor"
    at_level = "from max(0, 1 - {span:g}L) to 1 + {span:g}L"

    span: float = 3.0
    low: float = 1.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """The least factor is not above the greatest one."""
        super().__post_init__()
        self.require(self.low <= self.high, "low", "give at most high")

    @property
    def has_ends(self) -> bool:
        """Whether the factor is from ``low`` to ``high``, and not by ``span``."""
        return (self.low, self.high) != (1, 1)

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``factor``."""
        if self.has_ends:
            low, high = (1.0 + (end - 1.0) * level for end in (self.low, self.high))
        else:
            span = self.span * level
            low, high = max(0.0, 1.0 - span), 1.0 + span
        return {"factor": float(rng.uniform(low, high))}

    def in_use(self, level: float, varying: bool) -> dict[str, Any]:  # noqa: ARG002
        """The span, or both factors."""
        return {"low": self.low, "high": self.high} if self.has_ends else {"span": self.span}

    def described(self) -> str:
        """What level L means."""
        if not self.has_ends:
            return super().described()
        return f"from {_written(self.low)} to {_written(self.high)}"


def _written(end: float) -> str:
    """An end at level L, as ``1 - 0.5L``."""
    return f"1 {'-' if end < 1 else '+'} {abs(end - 1):g}L"

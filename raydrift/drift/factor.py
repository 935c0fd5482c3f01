"""Transforms that multiply by a factor about 1."""

from dataclasses import dataclass

import numpy as np

from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class FactorTransform(Transform):
    """A transform whose only parameter is a factor; one of 1 changes nothing.

    Attributes:
        span: Factor ~ U(max(0, 1 - x·L), 1 + x·L).
    """

    draws = "factor"
    at_level = "from max(0, 1 - {span:g}L) to 1 + {span:g}L"

    span: float = 3.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``factor``."""
        span = self.span * level
        return {"factor": float(rng.uniform(max(0.0, 1.0 - span), 1.0 + span))}

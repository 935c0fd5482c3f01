"""``brightness``."""

from dataclasses import dataclass

import numpy as np

from raydrift.drift.pixels import look_up
from raydrift.drift.ranges import around_one
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class Brightness(Transform):
    """Multiplies all values.

    Attributes:
        span: Factor ~ U(max(0, 1 - x·L), 1 + x·L).
    """

    name = "brightness"
    help = "Makes the image brighter or darker."
    draws = "factor"
    at_level = "from max(0, 1 - {span:g}L) to 1 + {span:g}L"

    span: float = 3.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``factor``."""
        return {"factor": around_one(rng, self.span * level)}

    def apply(self, image: RGB, factor: float) -> RGB:
        """clip(factor·x)."""
        return look_up(image, factor * np.arange(256))

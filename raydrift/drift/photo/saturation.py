"""``saturation``."""

from dataclasses import dataclass

import cv2
import numpy as np

from raydrift.drift.pixels import GREY, as_levels
from raydrift.drift.ranges import around_one
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class Saturation(Transform):
    """Moves colours away from grey, or towards it.

    Attributes:
        span: Factor ~ U(max(0, 1 - x·L), 1 + x·L).
    """

    name = "saturation"
    help = "Makes colours stronger or weaker."
    draws = "factor"
    at_level = "from max(0, 1 - {span:g}L) to 1 + {span:g}L"

    span: float = 15.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``factor``."""
        return {"factor": around_one(rng, self.span * level)}

    def apply(self, image: RGB, factor: float) -> RGB:
        """clip(factor·x + (1 - factor)·grey)."""
        matrix = factor * np.eye(3) + (1 - factor) * GREY[None, :]
        return as_levels(cv2.transform(image, matrix))

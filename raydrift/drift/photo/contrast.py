"""``contrast``."""

from dataclasses import dataclass

import cv2
import numpy as np

from raydrift.drift.pixels import GREY, look_up
from raydrift.drift.ranges import around_one
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class Contrast(Transform):
    """Moves values away from the mean of the grey image, or towards it.

    Attributes:
        span: Factor ~ U(max(0, 1 - x·L), 1 + x·L).
    """

    name = "contrast"
    help = "Raises or lowers the contrast."
    draws = "factor"
    at_level = "from max(0, 1 - {span:g}L) to 1 + {span:g}L"

    span: float = 3.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``factor``."""
        return {"factor": around_one(rng, self.span * level)}

    def apply(self, image: RGB, factor: float) -> RGB:
        """clip(factor·x + (1 - factor)·mean of the grey image)."""
        mean = float(GREY @ np.array(cv2.mean(image)[:3]))
        return look_up(image, factor * np.arange(256) + (1 - factor) * mean)

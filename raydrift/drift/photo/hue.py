"""``hue``."""

from dataclasses import dataclass

import cv2
import numpy as np

from raydrift.drift.pixels import as_levels
from raydrift.drift.ranges import around_zero
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class Hue(Transform):
    """Turns all colours along the colour circle.

    Attributes:
        turns: Shift ~ U(-x·L, +x·L) turns of the colour circle.
    """

    name = "hue"
    help = "Turns all colours along the colour circle."
    draws = "shift"
    at_level = "within ±{turns:g}·L turns of the colour circle"

    turns: float = 0.5

    def __post_init__(self) -> None:
        """Half a turn is the farthest."""
        super().__post_init__()
        self.require(self.turns <= 0.5, "turns", "give at most 0.5")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``turns`` of the colour circle."""
        return {"turns": around_zero(rng, self.turns * level)}

    def apply(self, image: RGB, turns: float) -> RGB:
        """Shifts the H of HSV, in float32."""
        hsv = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
        degrees = cv2.extractChannel(hsv, 0)
        degrees += 360 * (turns % 1)
        degrees -= np.float32(360) * (degrees >= 360)
        cv2.insertChannel(degrees, hsv, 0)
        return as_levels(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))

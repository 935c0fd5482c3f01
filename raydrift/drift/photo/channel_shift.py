"""``channel_shift``."""

from dataclasses import dataclass

import numpy as np

from raydrift.drift.pixels import look_up
from raydrift.drift.ranges import around_zero
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class ChannelShift(Transform):
    """Adds one number to all channels.

    Levels end at 0 and 255. Keras, whose name this has, ends them at the least and the greatest
    level of the image itself.

    Attributes:
        levels: Grey levels ~ U(-x·L, +x·L).
    """

    name = "channel_shift"
    help = "Adds a number to all channels."
    draws = "number of grey levels"
    at_level = "within ±{levels:g}·L of 255 grey levels"

    levels: float = 100.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``levels``."""
        return {"levels": around_zero(rng, self.levels * level)}

    def apply(self, image: RGB, levels: float) -> RGB:
        """clip(x + levels)."""
        return look_up(image, np.arange(256) + levels)

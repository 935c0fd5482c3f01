"""``brightness``."""

from dataclasses import dataclass

import numpy as np

from raydrift.drift.factor import FactorTransform
from raydrift.drift.pixels import look_up
from raydrift.images.decoded import RGB


@dataclass(frozen=True)
class Brightness(FactorTransform):
    """Multiplies all values."""

    name = "brightness"
    help = "Makes the image brighter or darker."

    def apply(self, image: RGB, factor: float) -> RGB:
        """clip(factor·x)."""
        return look_up(image, factor * np.arange(256))

"""``saturation``."""

from dataclasses import dataclass

import cv2
import numpy as np

from raydrift.drift.factor import FactorTransform
from raydrift.drift.pixels import GREY, as_levels
from raydrift.images.decoded import RGB


@dataclass(frozen=True)
class Saturation(FactorTransform):
    """Moves colours away from grey, or towards it."""

    name = "saturation"
    help = "Makes colours stronger or weaker."

    span: float = 15.0

    def apply(self, image: RGB, factor: float) -> RGB:
        """clip(factor·x + (1 - factor)·grey)."""
        matrix = factor * np.eye(3) + (1 - factor) * GREY[None, :]
        return as_levels(cv2.transform(image, matrix))

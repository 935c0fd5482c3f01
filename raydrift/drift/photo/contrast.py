"""``contrast``."""

from dataclasses import dataclass

import cv2
import numpy as np

from raydrift.drift.factor import FactorTransform
from raydrift.drift.pixels import GREY, look_up
from raydrift.images.decoded import RGB


@dataclass(frozen=True)
class Contrast(FactorTransform):
    """Moves values away from the mean of the grey image, or towards it."""

    name = "contrast"
    help = "Raises or lowers the contrast."

    def apply(self, image: RGB, factor: float) -> RGB:
        """clip(factor·x + (1 - factor)·mean of the grey image)."""
        mean = float(GREY @ np.array(cv2.mean(image)[:3]))
        return look_up(image, factor * np.arange(256) + (1 - factor) * mean)

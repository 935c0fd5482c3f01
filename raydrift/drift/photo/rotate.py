"""``rotate``."""

from dataclasses import dataclass

import cv2
import numpy as np

from raydrift.drift.moving import Matrix, MovingTransform
from raydrift.drift.ranges import around_zero
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class Rotate(MovingTransform):
    """Turns the image about its centre, positive angles counter-clockwise.

    Attributes:
        degrees: Angle ~ U(-x·L, +x·L) degrees.
    """

    name = "rotate"
    help = "Turns the image about its centre."
    draws = "angle"
    at_level = "within ±{degrees:g}·L degrees, black corners"

    degrees: float = 90.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``degrees``, counter-clockwise."""
        return {"degrees": around_zero(rng, self.degrees * level)}

    def matrix(self, height: int, width: int, degrees: float) -> Matrix:
        """A rotation about the centre between pixels."""
        centre = ((width - 1) / 2, (height - 1) / 2)
        matrix: Matrix = cv2.getRotationMatrix2D(centre, degrees, 1.0)
        return matrix

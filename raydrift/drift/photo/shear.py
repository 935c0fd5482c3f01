"""``shear``."""

from dataclasses import dataclass
from math import radians, tan

import numpy as np

from raydrift.drift.moving import Matrix, MovingTransform
from raydrift.drift.ranges import around_zero
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class Shear(MovingTransform):
    """Slants the image sideways and upwards; the centre stays, as torchvision's ``affine`` does it.

    Attributes:
        degrees: Angles ~ U(-x·L, +x·L) degrees, one for each direction.
    """

    name = "shear"
    help = "Slants the image sideways and upwards."
    draws = "two angles"
    at_level = "within ±{degrees:g}·L degrees, black corners"

    degrees: float = 40.0

    def __post_init__(self) -> None:
        """Refuses angles at which nothing is left."""
        super().__post_init__()
        self.require(self.degrees < 90, "degrees", "give less than 90")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``x`` and ``y``, degrees: of vertical and of horizontal lines."""
        most = self.degrees * level
        return {"x": around_zero(rng, most), "y": around_zero(rng, most)}

    def matrix(self, height: int, width: int, x: float, y: float) -> Matrix:
        """As torchvision composes it: first along x, then along y."""
        across, up = -tan(radians(x)), -tan(radians(y))
        linear = np.array([[1.0, across], [up, 1 + up * across]])
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        return np.column_stack([linear, centre - linear @ centre])
